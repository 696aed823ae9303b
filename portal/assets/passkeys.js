// Says in words why a passkey did not work; allauth's script would only write it to the console.
"use strict";

document.addEventListener("allauth.error", function (event) {
  event.preventDefault();
  const place = document.getElementById("notices");
  if (!place) return;
  const notice = document.createElement("div");
  notice.className = "alert alert-warning";
  notice.textContent =
    event.detail.exception && event.detail.exception.name === "NotAllowedError"
      ? "The passkey was not used: it was cancelled, or it took too long. Try again, or choose another way."
      : "The passkey did not work in this browser. Choose another way.";
  place.replaceChildren(notice);
  notice.scrollIntoView({ block: "center" });
});
