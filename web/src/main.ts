// Dresses the page as it was chosen, mounts it, and later lets it be kept for bad networks; nothing else.

import { mount } from 'svelte';
import App from './App.svelte';
import { preferences } from './state/preferences.svelte';
import './styles/reset.css';
import './styles/tokens.css';
import './styles/base.css';
import { tellTimeBy } from './words/time';

preferences.start();
tellTimeBy(() => preferences.chosen.clock);

mount(App, { target: document.getElementById('app')! });

// Needed by nobody in the first seconds. If it cannot be loaded, the page is as good without it.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  addEventListener('load', () => {
    import('./release.svelte').then(({ watchReleases }) => watchReleases()).catch(() => undefined);
  });
}
