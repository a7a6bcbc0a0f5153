// The words of the entrance and the settings, apart from those of the page: they are loaded with those pages.

import type { Level } from '../state/preferences.svelte';
import type { SettingsPage } from '../router.svelte';

/** A wait as people say it. */
function wait(seconds: number): string {
  if (seconds < 100) return seconds <= 1 ? 'a second' : `${Math.ceil(seconds)} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 100 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}

export const accountWords = {
  // Fields.
  needed: 'Fill this in.',
  show: 'Show',
  hide: 'Hide',
  showPassword: 'Show what is typed',
  hidePassword: 'Hide what is typed',
  capsLock: 'Caps Lock is on.',
  busy: 'One moment…',
  usernameWrong: 'Use 2 to 32 of a–z, 0–9, dot, dash and underscore.',
  passwordShort: 'Use at least 8 characters.',

  // The entrance.
  motto: 'Rooms and direct messages, without the noise.',
  setupCodeMissing: 'Fill in the code that the server printed when it started.',
  closed: 'New accounts are made by whoever runs this server. Ask them for one.',
  taken: 'Somebody has this name already. Choose another.',
  wrongCredentials: 'The name or the password is wrong. Check both, then try again.',
  wrongSetupCode:
    'This is not the setup code. It stands in what the server printed when it started last; an older one is void.',
  tooMany: (seconds: number) => `Too many attempts. Try again in ${wait(seconds)}.`,

  // The settings.
  pages: {
    profile: 'Profile',
    'sign-in': 'Sign-in',
    sessions: 'Sessions',
    look: 'Look',
    notifications: 'Notifications',
  } satisfies Record<SettingsPage, string>,
  saved: 'Saved',
  save: 'Save',

  // Profile.
  profileText: 'How others see you, and how to reach you.',
  picture: 'Picture',
  choosePicture: 'Choose a picture',
  changePicture: 'Change the picture',
  removePicture: 'Remove',
  pictureHint: 'Or drop one here, or paste it.',
  pictureDrop: 'Drop the picture',
  pictureSaved: 'Your picture is saved.',
  pictureRemoved: 'Your picture is removed.',
  notAPicture: 'This is not a picture that can be shown. Choose a PNG, JPEG, GIF or WebP.',
  pictureTooLarge: 'This picture is too large. Choose one of less than 30 MB.',
  cropTitle: 'Choose the part to show',
  cropHint: 'Drag the picture, or move it with the arrow keys.',
  cropStage: 'The part that will be shown',
  zoom: 'Size',
  savePicture: 'Save the picture',
  firstName: 'First name',
  lastName: 'Last name',
  email: 'E-mail',
  emailHint: 'You can sign in with it. Only you and the administrators see it.',
  usernameHint: 'It stays as it is: others find and mention you by it.',
  profileStale:
    'Your profile was changed elsewhere meanwhile. This is how it stands now; check it and save again.',

  // Password and signing out.
  passwordTitle: 'Change the password',
  passwordText: 'All your other sessions end: sign in there again with the new password.',
  currentPassword: 'Current password',
  newPassword: 'New password',
  changePassword: 'Change the password',
  passwordChanged: 'Your password is changed. Other sessions have ended.',
  wrongPassword: 'This is not your current password.',
  signOutTitle: 'Sign out',
  signOutText: 'This browser forgets who you are. Others stay signed in.',
  signOutAnyway: 'Sign out anyway',
  stay: 'Stay',
  unsentTitle: (count: number) =>
    count === 1 ? 'One message was not sent yet' : `${count} messages were not sent yet`,
  unsentText: 'They are lost when you sign out now.',

  // Sessions.
  sessionsText: 'Where you are signed in. End what you do not know, then change your password.',
  thisSession: 'This one',
  unknownDevice: 'An unknown program',
  on: (program: string, system: string) => `${program} on ${system}`,
  program: 'a program with a token',
  signedInAt: (day: string, time: string) => `Signed in: ${day}, ${time}`,
  seenAt: (day: string, time: string) => `Last seen: ${day}, ${time}`,
  here: 'Here, now',
  end: 'End',
  endSession: (device: string) => `End the session of ${device}`,
  endOthers: 'End all others',
  ended: 'The session has ended.',
  othersEnded: 'All other sessions have ended.',
  noOthers: 'You are signed in nowhere else.',

  // Look.
  lookText: 'Kept in this browser.',
  theme: 'Colours',
  themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
  density: 'Space',
  densities: { comfortable: 'Comfortable', compact: 'Compact' },
  clock: 'Time',
  clocks: { language: 'Automatic', h24: '24 hours', h12: '12 hours' },
  clockSample: (time: string) => `Now it is ${time}.`,
  systemText: 'The size of text follows your browser, and movement follows your system.',

  // Notifications.
  notificationsText: 'What may interrupt you. Kept in this browser.',
  notices: 'On this page',
  noticesHint: 'A note at the edge when somebody writes to you or mentions you in another room.',
  desktop: 'On the desktop',
  desktopHint: 'A notification of your system while this page is hidden.',
  desktopMissing: 'This browser cannot show them here.',
  desktopDenied:
    'The browser blocks them. Allow notifications for this site in its settings, beside the address.',
  hideText: 'Hide the text',
  hideTextHint: 'Notifications of the system say only who wrote, and where.',
  sound: 'Sound',
  soundHint: 'Two quiet notes with it.',
  perRoom: 'Rooms',
  perRoomHint:
    'Direct messages always notify and rooms when you are mentioned, unless you choose otherwise here.',
  levels: { all: 'Every message', mentions: 'Mentions', nothing: 'Nothing' } satisfies Record<Level, string>,
  noRooms: 'You are in no room yet.',
};
