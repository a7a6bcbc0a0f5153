// The parts of messages that are not in the first load.

export { default as Code } from './Code.svelte';
export { default as Moment } from './Moment.svelte';
export { default as Picture } from './Picture.svelte';
export { default as Spoiler } from './Spoiler.svelte';
