// Giving the focus back to where it was when something that took it goes away.

/** Remembers what has the focus now; what it answers gives it back, if nothing else took it meanwhile. */
export function opener(): () => void {
  const before = document.activeElement;
  return () => {
    // The room may have been covered until now: it has to be on the screen before it can take the focus.
    requestAnimationFrame(() => {
      const { activeElement } = document;
      if (activeElement !== null && activeElement !== document.body) return;
      if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus();
    });
  };
}
