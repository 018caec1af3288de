/* Players: one sound at a time; what has been heard from beginning to end ------------------------------------------- */

const RING = 2 * Math.PI * 22; // length of the ring round a play button
const SLACK = 0.12; // s a browser may leave out at either end of what it reports as played

class Player {
  // ids: of the sounds; current: { heard, plays, seconds } kept over reloads; together: switching keeps the position
  constructor(ids, labels, current, { together = false, onchange = () => {} } = {}) {
    this.labels = labels;
    this.current = current;
    this.together = together;
    this.onchange = onchange;
    this.selected = 0;
    this.playing = false;
    this.since = performance.now();
    this.sounds = ids.map((id) => this.load(id));
    this.buttons = ids.map((_, i) => this.button(i));
  }

  load(id) {
    const sound = new Audio(`audio/${id}.wav`);
    sound.preload = "auto";
    sound.addEventListener("ended", () => this.ended(sound));
    sound.addEventListener("error", () => hint("A sound could not be loaded. Reload the page, or tell who sent you here.", true));
    return sound;
  }

  button(i) {
    const face = svg(
      `<circle class="track" cx="24" cy="24" r="22"/><circle class="heard" cx="24" cy="24" r="22"/>` +
      '<path class="go" d="M19 15.5v17l14-8.5z"/><path class="halt" d="M18 16h4v16h-4zM26 16h4v16h-4z"/>');
    const label = this.labels[i];
    return h("button", { type: "button", class: "play", "data-sound": i, click: () => this.toggle(i) },
      face, label ? h("span", { class: "letter" }, label) : "");
  }

  toggle(i) {
    if (this.playing && i === this.selected) this.pause();
    else this.play(i);
  }

  play(i) {
    const before = this.sounds[this.selected];
    const sound = this.sounds[i];
    const position = this.together && i !== this.selected && !before.ended ? before.currentTime : null;
    this.pause();
    if (position !== null) sound.currentTime = Math.min(position, sound.duration || 0);
    else if (sound.ended || i !== this.selected) sound.currentTime = 0;
    this.selected = i;
    this.playing = true;
    this.current.plays[i] += 1;
    this.onchange();
    sound.play().catch(() => { this.playing = false; this.refresh(); });
    this.follow();
  }

  pause() {
    this.sounds[this.selected].pause();
    this.playing = false;
    this.note();
    this.refresh();
  }

  ended(sound) {
    this.playing = false;
    this.note(sound);
    this.refresh();
  }

  // What a listener switched away from and came back to counts once its parts make up the whole
  note() {
    this.sounds.forEach((sound, i) => {
      if (!this.current.heard[i] && this.covered(sound)) this.current.heard[i] = true;
    });
    const now = performance.now();
    this.current.seconds += (now - this.since) / 1000;
    this.since = now;
    this.onchange();
  }

  covered(sound) {
    if (!sound.duration) return false;
    let reached = Math.min(SLACK, sound.duration / 4);
    for (let r = 0; r < sound.played.length; r++) {
      if (sound.played.start(r) > reached + 0.02) return false;
      reached = Math.max(reached, sound.played.end(r));
    }
    return reached >= sound.duration - Math.min(SLACK, sound.duration / 4);
  }

  // Space: pause, go on, play what has not been heard, or the last again
  space() {
    const sound = this.sounds[this.selected];
    const halfway = sound.currentTime > 0 && !sound.ended;
    const unheard = this.current.heard.indexOf(false);
    if (this.playing || halfway || unheard < 0) this.toggle(this.selected);
    else this.play(unheard);
  }

  unheard() {
    return this.labels.filter((_, i) => !this.current.heard[i]);
  }

  follow() {
    this.refresh();
    if (this.playing) requestAnimationFrame(() => this.follow());
  }

  refresh() {
    this.buttons.forEach((button, i) => {
      const sound = this.sounds[i];
      const here = i === this.selected && (this.playing || (sound.currentTime > 0 && !sound.ended));
      const part = here ? sound.currentTime / (sound.duration || 1) : this.current.heard[i] ? 1 : 0;
      button.querySelector("circle.heard").style.strokeDasharray = part === 1 ? "none" : `${part * RING} ${RING}`;
      button.classList.toggle("playing", this.playing && i === this.selected);
      button.classList.toggle("selected", i === this.selected);
      button.classList.toggle("known", this.current.heard[i]);
      const name = this.labels[i] ? ` ${this.labels[i]}` : "";
      button.setAttribute("aria-label", (this.playing && i === this.selected ? "Pause" : "Play") + name);
    });
  }

  close() {
    for (const sound of this.sounds) { sound.pause(); sound.removeAttribute("src"); sound.load(); }
    this.playing = false;
  }
}
