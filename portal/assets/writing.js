// The page on which a story is written saves itself: htmx sends the form after each pause in typing. Here it
// says what is not saved yet, saves at once when the person goes elsewhere (a phone may never come back to a
// page), and tries again once the site can be reached. Without scripts its buttons save.
"use strict";

(function () {
  const form = document.querySelector("form[hx-post]");
  const saved = document.getElementById("saved");
  const token = document.querySelector('meta[name="csrf-token"]');
  // A page that is being left may send 64 KB and no more, says the standard of fetch.
  const mostInPassing = 60000;
  let unsaved = false;
  let passing = false;
  let again = 0;

  // A form that is on its way with everything in it does not save itself besides.
  let leaving = false;
  form.addEventListener("submit", function () {
    leaving = true;
  });
  window.addEventListener("pageshow", function () {
    leaving = false;
  });

  // After a press of a button with an address of its own (photo, preview), htmx would go on saving
  // to that address: what the form saves by itself keeps to the form's.
  document.addEventListener("htmx:configRequest", function (event) {
    if (event.detail.elt === form) event.detail.path = form.getAttribute("hx-post");
  });

  function words(besides) {
    const all = new FormData(form);
    all.delete("photo");
    if (besides) all.append(besides, "1");
    else all.delete("version");
    return new URLSearchParams(all).toString();
  }
  function failed() {
    return Boolean(unsaved && saved.querySelector(".status-bad"));
  }
  function tooLongForPassing() {
    return unsaved && words("in_passing").length > mostInPassing;
  }
  function sayUnsaved() {
    if (failed()) return;
    // For the eye only: a screen reader hears when it is saved, and when it could not be.
    saved.setAttribute("aria-live", "off");
    saved.textContent = "Not saved yet";
  }
  function saveAgain() {
    if (unsaved && !leaving) htmx.trigger(form, "change");
  }
  function saveInPassing() {
    if (!unsaved || leaving || passing) return;
    const sent = words();
    const body = words("in_passing");
    htmx.trigger(form, "htmx:abort");
    passing = true;
    fetch(form.getAttribute("hx-post"), {
      method: "POST",
      body: body,
      headers: {
        "Content-Type": "application/x-www-form-urlencoded",
        "HX-Request": "true",
        "X-CSRFToken": token.content,
      },
      keepalive: body.length <= mostInPassing,
    })
      .then(function (answer) {
        return answer.ok ? answer.text() : Promise.reject(answer.status);
      })
      .then(function (html) {
        unsaved = sent !== words();
        htmx.swap(saved, html, { swapStyle: "innerHTML" });
      })
      .catch(function () {})
      .finally(function () {
        passing = false;
        if (document.visibilityState === "visible") saveAgain();
      });
  }

  form.addEventListener("input", function (event) {
    if (event.target.type === "file") return;
    unsaved = true;
    sayUnsaved();
  });
  let sent = "";
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.elt !== form) return;
    if (passing || leaving) event.preventDefault();
    saved.removeAttribute("aria-live");
    sent = words();
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.elt !== form || !event.detail.successful) return;
    unsaved = sent !== words();
    document.querySelector("#notices .notice")?.remove();
    if (unsaved) sayUnsaved();
  });
  document.addEventListener("htmx:sendError", function () {
    window.clearTimeout(again);
    again = window.setTimeout(saveAgain, 10000);
  });
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") saveInPassing();
    else saveAgain();
  });
  window.addEventListener("online", saveAgain);
  // Only where it could not be saved or is too long for it: otherwise it is saved in passing.
  window.addEventListener("beforeunload", function (event) {
    if (!leaving && (failed() || tooLongForPassing())) event.preventDefault();
  });
})();
