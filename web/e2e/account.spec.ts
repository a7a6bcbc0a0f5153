// Coming in, one's own account, and what the page is told to be like: seen by oneself, by others and elsewhere.

import { accountWords } from '../src/words/account';
import { words } from '../src/words/all';
import { PASSWORD, Visitor } from './fixtures/people';
import { Server } from './fixtures/server';
import { expect, test } from './fixtures/test';

const CODE = 'open sesame, please';
const OTHER_PASSWORD = 'a new and longer one';

/** The `test` of a server with other flags. */
const on = (...flags: string[]) =>
  test.extend<{ server: Server }>({
    server: async ({}, use) => {
      const server = await Server.start(...flags);
      await use(server);
      await server.stop();
    },
  });

const field = (visitor: Visitor, label: string) => visitor.page.getByLabel(label, { exact: true });

async function settings(visitor: Visitor, page: keyof typeof accountWords.pages): Promise<void> {
  await visitor.page.getByTitle(words.account).click();
  await visitor.page.getByRole('link', { name: accountWords.pages[page] }).click();
  await expect(visitor.page.getByRole('heading', { level: 2, name: accountWords.pages[page] })).toBeVisible();
}

/** The same person, in another browser. */
async function elsewhere(visitor: Visitor, arrive: (name: string) => Promise<Visitor>): Promise<Visitor> {
  const other = await arrive(visitor.name);
  await other.signIn();
  await other.isUpToDate();
  return other;
}

on('--setup-code', CODE)('the first account owns the server and needs its code', async ({ arrive }) => {
  const ada = await arrive('Ada');
  await expect(ada.page.getByText(words.ownerText)).toBeVisible();
  await field(ada, words.username).fill('ada');
  await field(ada, words.password).fill(PASSWORD);
  await field(ada, words.setupCode).fill('a guess');
  await ada.page.getByRole('button', { name: words.registerOwner }).click();
  const code = field(ada, words.setupCode);
  await expect(code).toHaveAccessibleDescription(accountWords.wrongSetupCode);
  await expect(code).toBeFocused();
  await code.fill(CODE);
  await code.press('Enter');
  await expect(ada.roomLine('General')).toBeVisible({ timeout: 20_000 });
  expect(await ada.ask('GET', '/me')).toMatchObject({ role: 'super_admin' });
});

on('--registration', 'closed')('a closed server says who makes accounts', async ({ join, arrive }) => {
  await join('Ada');
  const bert = await arrive('Bert');
  await expect(bert.page.getByText(accountWords.closed)).toBeVisible();
  await expect(bert.page.getByRole('button', { name: words.register })).toHaveCount(0);
});

test('what is wrong with a new account stands at its field', async ({ join, arrive }) => {
  await join('Ada');
  const bert = await arrive('Bert');
  await bert.page.getByRole('button', { name: words.register, exact: true }).click();
  const [username, password] = [field(bert, words.username), field(bert, words.password)];
  const send = bert.page.locator('button[type=submit]');
  await expect(username).toBeFocused();
  await username.fill('Bert & Co');
  await password.fill('short');
  await send.click();
  await expect(username).toHaveAccessibleDescription(accountWords.usernameWrong);
  await expect(password).toHaveAccessibleDescription(accountWords.passwordShort);
  await expect(username).toBeFocused();
  await username.fill('ada');
  await password.fill('password');
  await send.click();
  // What only the server knows: first that everybody has this password, then that somebody has this name.
  await expect(password).toBeFocused();
  await expect(password).toHaveAttribute('aria-invalid', 'true');
  await password.fill(PASSWORD);
  await send.click();
  await expect(username).toHaveAccessibleDescription(accountWords.taken);
  await username.fill('bert');
  await send.click();
  await expect(bert.roomLine('General')).toBeVisible({ timeout: 20_000 });
});

test('the entrance is not pulled apart on a phone', async ({ arrive }) => {
  const ada = await arrive('Ada', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const enter = ada.page.locator('button[type=submit]');
  const field = ada.page.getByLabel(words.password, { exact: true });
  const label = ada.page.getByText(words.password, { exact: true });
  await expect(enter).toBeVisible();
  expect((await enter.boundingBox())!.height).toBeLessThan(60);
  const [above, below] = [(await label.boundingBox())!, (await field.boundingBox())!];
  expect(below.y - above.y - above.height).toBeLessThan(16);
});

test('a wrong password is refused, a shown one can be read, and many are too many', async ({
  join,
  arrive,
}) => {
  await join('Ada');
  const ada = await arrive('Ada');
  await ada.page.getByLabel(words.login).fill('ada');
  const password = field(ada, words.password);
  await expect(password).toHaveAttribute('type', 'password');
  await ada.page.getByRole('button', { name: accountWords.showPassword }).click();
  await expect(password).toHaveAttribute('type', 'text');
  await password.fill('not this one');
  const alert = ada.page.getByRole('alert');
  for (let tries = 0; tries < 5; tries++) {
    await password.press('Enter');
    await expect(alert).toHaveText(accountWords.wrongCredentials);
    await expect(ada.page.locator('form')).toHaveAttribute('aria-busy', 'false');
  }
  await password.press('Enter');
  await expect(alert.getByText(/Try again in \d+ (seconds|minutes)\./)).toBeVisible();
  await expect(password).toHaveAttribute('type', 'password');
});

test('another name and picture are seen by the others at once', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.open('General');
  await bert.open('General');
  await bert.say('Who am I?');
  await ada.hears('Who am I?');

  await settings(bert, 'profile');
  await field(bert, words.displayName).fill('Bertrand');
  await bert.page.getByRole('button', { name: accountWords.save, exact: true }).click();
  await expect(ada.line('Who am I?').getByText('Bertrand')).toBeVisible();

  const choose = bert.page.locator('input[type=file]');
  await choose.setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await expect(bert.page.getByText(accountWords.notAPicture)).toBeVisible();
  const photo = { name: 'a.png', mimeType: 'image/png', buffer: await bert.page.screenshot() };
  await choose.setInputFiles(photo);
  const stage = bert.page.getByRole('button', { name: accountWords.cropStage });
  await stage.focus();
  await stage.press('ArrowRight');
  await bert.page.getByRole('slider', { name: accountWords.zoom }).fill('2');
  await bert.page.getByRole('button', { name: accountWords.savePicture }).click();
  const picture = ada.line('Who am I?').locator('img[src^="/api/v1/avatars/"]');
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((img: HTMLImageElement) => [img.naturalWidth, img.naturalHeight])).toEqual([
    256, 256,
  ]);

  await bert.page.getByRole('button', { name: accountWords.removePicture }).click();
  await expect(picture).toHaveCount(0);
  await expect(bert.page.getByRole('button', { name: accountWords.choosePicture })).toBeVisible();
});

test('a profile that was changed elsewhere is not overwritten unseen', async ({ join }) => {
  const ada = await join('Ada');
  await settings(ada, 'profile');
  await field(ada, accountWords.firstName).fill('Augusta');
  await ada.ask('PATCH', '/me', { last_name: 'King' });
  const save = ada.page.getByRole('button', { name: accountWords.save, exact: true });
  await save.click();
  await expect(ada.page.getByText(accountWords.profileStale)).toBeVisible();
  await expect(field(ada, accountWords.lastName)).toHaveValue('King');
  await expect(field(ada, accountWords.firstName)).toHaveValue('Augusta');
  await save.click();
  await expect(ada.page.getByText(accountWords.saved)).toBeVisible();
  expect(await ada.ask('GET', '/me')).toMatchObject({ first_name: 'Augusta', last_name: 'King' });
});

test('another password ends the other sessions and is the one from then on', async ({ join, arrive }) => {
  const ada = await join('Ada');
  const other = await elsewhere(ada, arrive);
  await settings(ada, 'sign-in');
  const [current, next] = [field(ada, accountWords.currentPassword), field(ada, accountWords.newPassword)];
  const change = ada.page.getByRole('button', { name: accountWords.changePassword });
  await current.fill('not this one');
  await next.fill(OTHER_PASSWORD);
  await change.click();
  await expect(current).toHaveAccessibleDescription(accountWords.wrongPassword);
  await expect(current).toBeFocused();
  await current.fill(PASSWORD);
  await change.click();
  await expect(ada.page.getByText(accountWords.passwordChanged)).toBeVisible();
  await expect(ada.page.getByRole('heading', { level: 1, name: words.settings })).toBeVisible();

  await expect(other.page.getByText(words.sessionEnded)).toBeVisible();
  await other.page.getByLabel(words.login).fill('ada');
  await field(other, words.password).fill(OTHER_PASSWORD);
  await other.page.locator('button[type=submit]').click();
  await expect(other.roomLine('General')).toBeVisible({ timeout: 20_000 });
});

test('a session that is ended elsewhere is over at once', async ({ join, arrive }) => {
  const ada = await join('Ada');
  const second = await elsewhere(ada, arrive);
  const third = await elsewhere(ada, arrive);
  await settings(ada, 'sessions');
  const list = ada.page.getByRole('main').getByRole('listitem');
  await expect(list).toHaveCount(3);
  await expect(list.filter({ hasText: accountWords.thisSession })).toHaveCount(1);
  await list.getByRole('button', { name: /^End/ }).first().click();
  await expect(list).toHaveCount(2);
  const entrances = [second, third].map(({ page }) => page.getByLabel(words.login));
  const signedOut = async () =>
    (await Promise.all(entrances.map((entrance) => entrance.count()))).reduce((sum, count) => sum + count);
  await expect.poll(signedOut).toBe(1);
  await list.getByRole('button', { name: /^End/ }).first().click();
  await expect(list).toHaveCount(1);
  await expect.poll(signedOut).toBe(2);
});

test('who has unsent messages is asked before signing out', async ({ join }) => {
  const ada = await join('Ada');
  await settings(ada, 'look');
  await ada.open('General');
  await ada.context.setOffline(true);
  await ada.say('Not yet there');
  await settings(ada, 'sign-in');
  await ada.page.getByRole('button', { name: accountWords.signOutTitle }).click();
  const dialog = ada.page.getByRole('dialog', { name: accountWords.unsentTitle(1) });
  await dialog.getByRole('button', { name: accountWords.stay }).click();
  await expect(ada.page.getByRole('button', { name: accountWords.signOutTitle })).toBeFocused();
  await ada.context.setOffline(false);
  await ada.isUpToDate();
  await ada.page.getByRole('button', { name: accountWords.signOutTitle }).click();
  await expect(ada.page.getByLabel(words.login)).toBeVisible();
});

test('chosen colours stay, and are there before anything is shown', async ({ join }) => {
  const ada = await join('Ada', { colorScheme: 'light', serviceWorkers: 'block' });
  await settings(ada, 'look');
  const background = () => ada.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await ada.page.getByRole('radio', { name: accountWords.themes.dark }).check();
  await ada.page.getByRole('radio', { name: accountWords.densities.compact }).check();
  const dark = await background();
  expect(dark).not.toBe(light);

  // The program comes late, as over a slow network: until then nothing may be painted.
  await ada.page.route('**/assets/index-*.js', async (route) => {
    await new Promise((later) => setTimeout(later, 500));
    await route.continue();
  });
  await ada.page.addInitScript(() => {
    const dressed = new MutationObserver(() => performance.mark('dressed'));
    dressed.observe(document, { subtree: true, attributes: true, attributeFilter: ['data-theme'] });
  });
  await ada.page.reload();
  await expect(ada.page.getByRole('heading', { level: 1, name: words.settings })).toBeVisible();
  const [dressed, painted] = await ada.page.evaluate(() =>
    ['dressed', 'first-paint'].map((name) => performance.getEntriesByName(name)[0]?.startTime),
  );
  expect(dressed).toBeGreaterThan(0);
  expect(painted).toBeGreaterThanOrEqual(dressed!);
  expect(await background()).toBe(dark);
  await expect(ada.page.locator('html')).toHaveAttribute('data-density', 'compact');
});

test('a mention elsewhere is told on the page and leads there, once', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await bert.open('General');
  await ada.open('General');
  const told = ada.page.getByRole('button', { name: words.saidIn('Bert', 'General') });

  // What is on the screen needs no word.
  await bert.say('@ada can see this');
  await ada.hears('can see this');
  await settings(ada, 'look');
  await bert.say('Not for anybody');
  await bert.say('@ada can **not** see this');
  await expect(told).toHaveText(/@ada can not see this/);
  await expect(ada.page.getByText('@ada can see this')).toHaveCount(0);
  await expect(ada.page.getByText('Not for anybody')).toHaveCount(0);
  await told.click();
  await expect(ada.page.getByRole('heading', { level: 1, name: 'General' })).toBeVisible();
  await expect(ada.line('can not see this')).toBeVisible();
  await expect(told).toHaveCount(0);

  // Several become one.
  await settings(ada, 'look');
  for (const text of ['one', 'two', 'three']) await bert.say(`@ada ${text}`);
  await expect(ada.page.getByRole('button', { name: words.newIn(3, 'General') })).toHaveText(/three/);

  // A quiet room says nothing.
  await ada.page.getByRole('link', { name: accountWords.pages.notifications }).click();
  await ada.page.getByLabel('General').selectOption(accountWords.levels.nothing);
  await ada.page.getByRole('status').getByRole('button', { name: words.close }).click();
  await bert.say('@ada four');
  await expect(ada.roomLine('General')).toContainText(words.mentions(4));
  await expect(ada.page.getByRole('button', { name: /General/ }).filter({ hasText: 'four' })).toHaveCount(0);
});

test('notifications of the system come while the page is hidden, from one tab alone', async ({ join }) => {
  const ada = await join('Ada');
  const bert = await join('Bert');
  await ada.context.grantPermissions(['notifications']);
  // What the system would show; the page cannot be hidden otherwise in a browser without windows.
  await ada.context.addInitScript(() => {
    const shown: string[] = [];
    const sketch = (title: string, { body }: NotificationOptions = {}) =>
      void shown.push(`${title}: ${body}`);
    class Sketch {
      static permission = 'granted';
      static requestPermission = () => Promise.resolve('granted');
      constructor(title: string, options?: NotificationOptions) {
        sketch(title, options);
      }
      close() {}
    }
    const worker = ServiceWorkerRegistration.prototype;
    worker.showNotification = (title, options) => Promise.resolve(sketch(title, options));
    let hidden = false;
    Object.assign(window, {
      Notification: Sketch,
      shown,
      hide(on: boolean) {
        hidden = on;
        document.dispatchEvent(new Event('visibilitychange'));
      },
    });
    Object.defineProperty(Document.prototype, 'visibilityState', {
      get: () => (hidden ? 'hidden' : 'visible'),
    });
  });
  type Sketched = typeof window & { shown: string[]; hide: (on: boolean) => void };
  await ada.page.reload();
  await settings(ada, 'notifications');
  await ada.page.getByRole('switch', { name: accountWords.desktop }).check();
  const second = await ada.context.newPage();
  await second.goto(ada.page.url());
  await expect(second.getByRole('heading', { level: 1, name: words.settings })).toBeVisible();
  const pages = [ada.page, second];
  const shown = async () =>
    (await Promise.all(pages.map((page) => page.evaluate(() => (window as Sketched).shown)))).flat();
  const hide = (page: typeof second, on: boolean) => page.evaluate((on) => (window as Sketched).hide(on), on);

  await bert.open('General');
  // One is hidden, the other tells it on the page.
  await hide(second, true);
  await bert.say('@ada on the page');
  await expect(ada.page.getByText('@ada on the page')).toBeVisible();
  await hide(ada.page, true);
  await bert.say('@ada by the system');
  await expect.poll(shown).toHaveLength(1);
  expect((await shown())[0]).toMatch(/: (Bert: )?@ada by the system$/);

  await hide(ada.page, false);
  await ada.page.getByRole('switch', { name: accountWords.hideText }).check();
  await hide(ada.page, true);
  await bert.say('@ada but not what');
  await expect.poll(shown).toHaveLength(2);
  expect((await shown()).join()).not.toContain('but not what');
  await second.close();
});

test('a dialog that is closed gives the keyboard back to who opened it', async ({ join }) => {
  const ada = await join('Ada');
  const opener = ada.page.getByRole('button', { name: words.newRoom, exact: true });
  await opener.focus();
  await opener.press('Enter');
  const dialog = ada.page.getByRole('dialog', { name: words.newRoom });
  await expect(dialog).toBeVisible();
  await ada.page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(opener).toBeFocused();
  await opener.press('Enter');
  await expect(dialog).toBeVisible();
  await ada.page.mouse.click(5, 5);
  await expect(dialog).toHaveCount(0);
  await expect(opener).toBeFocused();
});
