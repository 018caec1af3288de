/* Where the listener is, kept in the browser so that a reload goes on there; and the way to the server -------------- */

const asked = new URLSearchParams(location.search).get("listener");
const shelf = `svs-listen-${content.test}${asked ? `-${asked}` : ""}`;
const served = location.protocol === "http:" || location.protocol === "https:";
let keeps = true; // whether this browser keeps our state
let saved = null; // whether the server has all answers; null: there is no server
let state = recall();

function newState() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const token = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { token, session: null, step: "welcome", index: 0, current: null, server: false, record: null };
}

function recall() {
  try {
    const text = localStorage.getItem(shelf);
    return text ? JSON.parse(text) : newState();
  } catch {
    keeps = false;
    return newState();
  }
}

function keep() {
  try {
    localStorage.setItem(shelf, JSON.stringify(state));
  } catch {
    keeps = false;
  }
}

function forget() {
  try { localStorage.removeItem(shelf); } catch { keeps = false; }
  state = newState();
  saved = null;
}

async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  let content = {};
  try { content = JSON.parse(text); } catch { /* an answer that is no JSON is not our server's */ }
  return { status: answer.status, ours: "listening" in content, content };
}

// Takes a session: the server's next, or the number given. Returns why not, or null.
async function join(number) {
  if (served) {
    try {
      const wanted = asked ? Number(asked) : null;
      const { status, ours, content: answer } = await post("session", { test: content.test, token: state.token, wanted });
      if (ours && status !== 200) return answer.reason;
      if (ours) { number = answer.session; state.server = true; }
    } catch { /* a plain file server: the number decides, and answers are downloaded at the end */ }
  }
  if (!Number.isInteger(number) || number < 1 || number > content.sessions.length) {
    return `Please give your listener number, 1 to ${content.sessions.length}.`;
  }
  state.session = number;
  state.record = {
    format: "svs listening ratings 1",
    test: content.test,
    session: number,
    token: state.token,
    started: new Date().toISOString(),
    finished: null,
    agent: navigator.userAgent,
    tones: [],
    practice: [],
    answers: [],
    comment: "",
  };
  return null;
}

let sending = Promise.resolve();

// Sends all answers so far; one after the other, so that an older state never overwrites a newer one
function send() {
  if (!state.server) return Promise.resolve(null);
  const body = JSON.parse(JSON.stringify(state.record));
  sending = sending.then(async () => {
    try {
      const { status, ours } = await post("ratings", body);
      saved = ours && status === 200;
    } catch {
      saved = false;
    }
    return saved;
  });
  return sending;
}

function download() {
  const blob = new Blob([JSON.stringify(state.record, null, 1)], { type: "application/json" });
  const name = `ratings_${String(state.session).padStart(4, "0")}_${state.token.slice(0, 8)}.json`;
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
