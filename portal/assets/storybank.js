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
    // Where a page says when it was saved last, that is true no longer.
    const saved = document.getElementById("saved");
    if (!saved) return;
    const status = document.createElement("span");
    status.className = "status status-bad";
    status.textContent = "Not saved";
    saved.replaceChildren(status);
  }

  // The person signed in again in another tab, which renewed the token: take the new one, send again.
  let renewed = 0;
  function takeFreshToken(event) {
    const fresh = event.detail.xhr.getResponseHeader("X-Fresh-Token");
    if (!fresh || !token || Date.now() - renewed < 5000) return false;
    renewed = Date.now();
    token.content = fresh;
    document.querySelectorAll('input[name="csrfmiddlewaretoken"]').forEach(function (input) {
      input.value = fresh;
    });
    document.getElementById("notices")?.replaceChildren();
    htmx.trigger(event.detail.elt, "change");
    return true;
  }

  document.addEventListener("htmx:responseError", function (event) {
    if (event.detail.xhr.status === 403 && takeFreshToken(event)) return;
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
    tell("The site cannot be reached right now. What you typed is still here, and is saved as soon as it can be.");
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

  // How much room a text has left; the server counts again. Characters are counted as Python does.
  function count(field) {
    const most = Number(field.dataset.mostWords || field.dataset.mostCharacters || 0);
    const least = Number(field.dataset.leastWords || 0);
    const words = field.dataset.mostWords || field.dataset.leastWords;
    if (!words && field.type !== "text" && !field.dataset.always) return;
    const used = words ? (field.value.match(/\S+/g) || []).length : Array.from(field.value).length;
    let place = document.getElementById(field.id + "_count");
    if (!place) {
      place = document.createElement("p");
      place.id = field.id + "_count";
      place.className = "count";
      field.after(place);
    }
    // A one-line answer has room enough for most; its count shows when the end comes near.
    if (!words && !field.dataset.always && used < 0.8 * most) {
      place.textContent = "";
      return;
    }
    place.textContent = used + (most ? " of " + most : "") + (words ? " words" : " characters") +
      (least && used < least ? ", at least " + least : "");
    const over = Boolean(most) && used > most;
    place.classList.toggle("over", over);
    // Heard once, when the limit is passed, and not at every key.
    if (over && place.getAttribute("role") !== "alert") place.setAttribute("role", "alert");
    if (!over) place.removeAttribute("role");
  }
  // A text that is one line, shown on two: Enter goes nowhere, and a pasted line break becomes a space.
  document.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && event.target.matches("textarea[data-one-line]")) event.preventDefault();
  });
  document.addEventListener("input", function (event) {
    if (!event.target.matches("textarea[data-one-line]") || !event.target.value.includes("\n")) return;
    event.target.value = event.target.value.replace(/\s*\n\s*/g, " ");
  });
  const counted = "[data-most-characters], [data-most-words], [data-least-words]";
  document.querySelectorAll(counted).forEach(count);
  document.addEventListener("input", function (event) {
    if (event.target.matches && event.target.matches(counted)) count(event.target);
  });
})();
