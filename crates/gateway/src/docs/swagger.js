"use strict";
if (window.SwaggerUIBundle) {
  window.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    requestInterceptor(request) {
      if (request.method !== "GET") request.headers["X-Rill"] = "1";
      return request;
    },
  });
}
