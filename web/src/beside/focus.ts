// Giving the focus back to where it was before something stood beside the room.

import { router } from '../router.svelte';

/** Puts it there, if nothing else took it meanwhile. */
export function giveBack(): void {
  const { opener } = router;
  router.opener = null;
  // The room may have been covered until now: it has to be on the screen before it can take the focus.
  requestAnimationFrame(() => {
    const { activeElement } = document;
    if (activeElement !== null && activeElement !== document.body) return;
    if (opener instanceof HTMLElement && opener.isConnected && opener !== document.body) opener.focus();
  });
}
