const SECONDS = 5;
setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch("/");
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (fresh) document.getElementById("live").replaceWith(fresh);
  } catch {
    // The service is away; what was shown last stays.
  }
}, SECONDS * 1000);
