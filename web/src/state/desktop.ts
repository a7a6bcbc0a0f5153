// Notifications of the system: whether they may be shown, and showing them.

/** What to show. */
export interface Shown {
  title: string;
  text: string;
  icon: string;
  /** A newer one with the same tag takes its place. */
  tag: string;
  /** Where the service worker leads who clicks on it. */
  path: string;
  /** What a click does where there is no service worker. */
  open: () => void;
}

/** `missing`: not in this browser, or not over plain HTTP. */
export type Leave = NotificationPermission | 'missing';

const shown = new Map<string, Notification>();

export function leave(): Leave {
  return 'Notification' in globalThis && isSecureContext ? Notification.permission : 'missing';
}

/** Asks the person; only as the answer to a click. */
export async function ask(): Promise<Leave> {
  return leave() === 'default' ? await Notification.requestPermission() : leave();
}

export async function show({ title, text, icon, tag, path, open }: Shown): Promise<void> {
  if (leave() !== 'granted') return;
  // `renotify` is not in every list of options yet.
  const options: NotificationOptions & { renotify: boolean } = {
    body: text,
    icon,
    tag,
    renotify: true,
    data: { path },
  };
  const worker = await registration();
  if (worker) return await worker.showNotification(title, options);
  const notification = new Notification(title, options);
  shown.set(tag, notification);
  notification.onclick = () => {
    window.focus();
    notification.close();
    open();
  };
}

/** Takes it away again: the person has seen it otherwise. */
export async function withdraw(tag: string): Promise<void> {
  shown.get(tag)?.close();
  shown.delete(tag);
  for (const notification of (await (await registration())?.getNotifications({ tag })) ?? [])
    notification.close();
}

async function registration(): Promise<ServiceWorkerRegistration | null> {
  const found = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  return found?.active ? found : null;
}
