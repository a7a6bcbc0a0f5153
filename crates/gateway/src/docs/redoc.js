"use strict";
if (window.Redoc) {
  window.Redoc.init("/openapi.json", { hideDownloadButton: false }, document.getElementById("docs"));
}
