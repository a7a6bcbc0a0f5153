// The words of dialogs, notices and the entrance, and all those of the page.

import { words as page } from './page';

export const words = {
  ...page,

  // Signing in.
  welcomeTitle: (server: string) => `Welcome to ${server}`,
  signInText: 'Sign in to see your rooms.',
  registerText: 'Make an account to talk with the others here.',
  ownerText: 'Nobody is here yet. The account that you make now will own this server.',
  login: 'User name or e-mail',
  username: 'User name',
  usernameHint: '2 to 32 of a–z, 0–9, dot, dash and underscore.',
  displayName: 'Your name',
  displayNameHint: 'How others see you. You can change it later.',
  password: 'Password',
  passwordHint: 'At least 8 characters.',
  setupCode: 'Setup code',
  setupCodeHint: 'The server printed it when it started.',
  signIn: 'Sign in',
  register: 'Make an account',
  registerOwner: 'Make the first account',
  noAccountYet: 'No account yet?',
  accountAlready: 'You have an account?',

  // Being told of messages elsewhere.
  saidIn: (person: string, room: string) => `${person} in ${room}`,
  newIn: (count: number, room: string) => `${count} new messages in ${room}`,
  newFrom: (count: number, person: string) => `${count} new messages from ${person}`,
  newInRooms: (count: number, rooms: number) => `${count} new messages in ${rooms} rooms`,
  newVersion: 'A new version is ready.',
  reload: 'Reload',
  notNow: 'Not now',

  // New rooms, finding rooms and people.
  roomName: 'Name',
  roomTopic: 'Topic',
  roomTopicHint: 'What it is about. May stay empty.',
  whoMayCome: 'Who may come in?',
  publicRoom: 'Public',
  privateRoom: 'Private',
  publicHint: 'Anybody here can find and join it.',
  privateHint: 'Only those who are brought in.',
  makeRoom: 'Make the room',
  findRoom: 'Find a room',
  join: 'Join',
  open: 'Open',
  noPublicRooms: 'No room is called like that.',
  findPerson: 'Find a person',
  nobodyFound: 'Nobody is called like that.',
  bringIn: 'Bring in',
};
