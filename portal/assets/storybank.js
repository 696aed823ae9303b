// What pages gain when scripts run. Everything works without this file.
"use strict";

(function () {
  const token = document.querySelector('meta[name="csrf-token"]');

  // The CSRF cookie is closed to scripts, so htmx takes the token from the page.
  document.addEventListener("htmx:configRequest", function (event) {
    if (token && event.detail.verb !== "get") {
      event.detail.headers["X-CSRFToken"] = token.content;
    }
  });

  // A request in the background failed: say so where a screen reader hears it, and keep the page.
  function tell(words, href, label) {
    const place = document.getElementById("notices");
    if (!place) return;
    const notice = document.createElement("div");
    notice.className = "alert alert-warning notice";
    notice.textContent = words + " ";
    if (href) {
      const link = document.createElement("a");
      link.href = href;
      link.target = "_blank";
      link.rel = "noopener";
      link.textContent = label;
      notice.append(link);
    }
    place.replaceChildren(notice);
  }

  document.addEventListener("htmx:responseError", function (event) {
    if (event.detail.xhr.status === 401) {
      tell(
        "You have been signed out, so this page no longer saves by itself. What you typed is still here.",
        "/accounts/login/",
        "Sign in again in a new tab",
      );
    } else {
      tell("That did not work. What you typed is still here; use the page's own button to send it.");
    }
  });

  document.addEventListener("htmx:sendError", function () {
    tell("The site cannot be reached right now. What you typed is still here.");
  });

  // An open menu closes when the person goes elsewhere or presses Escape.
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // A form whose filters apply as soon as they change; without scripts its button does it.
  document.addEventListener("change", function (event) {
    const form = event.target.closest("form[data-at-once]");
    if (form) form.requestSubmit();
  });
})();
