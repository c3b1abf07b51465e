// The explorer: what is known of a clicked place, and travel times from it, asked of the server
// that the page came from. All words and names are put in place as text, never as HTML.
(function () {
  "use strict";

  const hc = window.halfcircle;
  const { element, fill } = hc;
  const BASELINE = "baseline";
  const LEAST_MIN = 0.01;
  // Of a layer of the map, as the server names its parts.
  const COUNTED = ["opportunity", "group", "measure", "percentile"];

  async function ask(path, fields) {
    const answer = await fetch(path + "?" + new URLSearchParams(fields));
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.error || String(answer.status));
    return value;
  }

  window.halfcircleExplore = function (page) {
    const { meta, data, words, write } = page;
    const set = meta.explore;
    const said = set.texts;
    const box = document.getElementById("hc-dossier");
    const first = meta.layers[meta.first];
    const start = first && set.modes.includes(first.mode) ? first.mode : set.modes[0] || null;
    const known = { zone: null, about: null, mode: start, scenario: BASELINE,
      circle: "full", onMap: set.modes.length > 0, counted: null, compare: null };
    let turn = 0;
    let status = null;

    // ---- parts of the page ---------------------------------------------------------------------

    function chips(name, legend, values, chosen, label, change) {
      const field = element("fieldset");
      field.append(element("legend", "", legend));
      const row = element("div", "hc-chips");
      values.forEach((value, i) => {
        const chip = element("label");
        const radio = element("input");
        radio.type = "radio";
        radio.name = "hx-" + name;
        radio.id = "hx-" + name + "-" + i;
        radio.value = value;
        radio.checked = value === chosen;
        radio.addEventListener("change", () => change(value));
        chip.append(radio, element("span", "", label(value)));
        row.append(chip);
      });
      field.append(row);
      return field;
    }

    function modeName(mode) {
      return set.mode_names[mode] || mode;
    }

    function scenarioName(name) {
      return name === BASELINE ? said.baseline : name;
    }

    function bandName(band) {
      return band === null ? words.no_limit : fill(words.minutes, { n: write.count(band) });
    }

    function timesPart() {
      const part = element("section");
      part.append(element("h3", "", said.times));
      status = element("p", "hc-small hx-status");
      status.setAttribute("role", "status");
      if (!set.modes.length) {
        status.textContent = said.no_times;
        part.append(status);
        return part;
      }
      const line = element("label", "hc-check");
      const tick = element("input");
      tick.type = "checkbox";
      tick.id = "hx-on-map";
      tick.checked = known.onMap;
      tick.addEventListener("change", () => {
        known.onMap = tick.checked;
        if (known.onMap) times();
        else page.back();
      });
      line.append(tick, " " + said.times_show);
      const again = (key) => (value) => {
        known[key] = value;
        // The scenario on the map is the one whose numbers stand beside the baseline.
        if (key === "scenario" && value !== BASELINE) known.compare = value;
        known.onMap = true;
        render();
        times();
      };
      part.append(line, chips("mode", words.dims.mode, set.modes, known.mode, modeName,
        again("mode")));
      if (set.scenarios.length > 1) {
        part.append(chips("scenario", said.scenario, set.scenarios, known.scenario, scenarioName,
          again("scenario")));
      }
      if (set.border) {
        part.append(chips("circle", said.circle, ["full", "half"], known.circle,
          (value) => said["circle_" + value], again("circle")));
      }
      part.append(status);
      return part;
    }

    function same(row, other) {
      return COUNTED.every((key) => row[key] === other[key]);
    }

    function countedName(row) {
      const parts = [set.opportunity_names[row.opportunity] || row.opportunity];
      if (row.group !== "all") parts.push(row.group);
      if (row.measure !== "cumulative") parts.push(set.measure_names[row.measure] || row.measure);
      if (row.percentile !== null && row.percentile !== 50) {
        parts.push(fill(words.percentile, { n: row.percentile }));
      }
      return parts.join(", ");
    }

    function grid(rows, cell) {
      const bands = [...new Set(rows.map((row) => row.band))].sort((a, b) =>
        (a === null) - (b === null) || a - b);
      const modes = [...new Set(rows.map((row) => row.mode))];
      const table = element("table", "hc-facts");
      const head = element("tr");
      head.append(element("td"));
      for (const band of bands) {
        const title = element("th", "", bandName(band));
        title.scope = "col";
        head.append(title);
      }
      table.append(head);
      for (const mode of modes) {
        for (const [label, className, text] of cell(mode)) {
          const line = element("tr", className);
          const title = element("th", "", label);
          title.scope = "row";
          line.append(title);
          for (const band of bands) line.append(element("td", "", text(band)));
          table.append(line);
        }
      }
      return table;
    }

    function reachPart(about) {
      const part = element("section");
      part.append(element("h3", "", said.reach));
      const choices = [];
      for (const row of about.reach) {
        if (!choices.some((other) => same(row, other))) choices.push(row);
      }
      if (!choices.length) return part;
      if (!known.counted || !choices.some((row) => same(row, known.counted))) {
        known.counted = choices[0];
      }
      const now = known.counted;
      if (choices.length > 1) {
        const menu = element("select");
        menu.id = "hx-counted";
        menu.setAttribute("aria-label", said.what);
        choices.forEach((row) => {
          const option = element("option", "", countedName(row));
          option.selected = same(row, now);
          menu.append(option);
        });
        menu.addEventListener("change", () => {
          known.counted = choices[menu.selectedIndex];
          render();
        });
        part.append(menu);
      }
      // Modes without a timetable have one percentile: they stand beside whichever is chosen.
      const fits = (row) => row.opportunity === now.opportunity && row.group === now.group
        && row.measure === now.measure && (row.percentile === now.percentile
          || !about.reach.some((other) => other.mode === row.mode && same(other, now)));
      const rows = about.reach.filter(fits);
      const others = [...new Set(rows.map((row) => row.scenario))].filter((s) => s !== BASELINE);
      if (others.length) {
        if (!others.includes(known.compare)) known.compare = others[0];
        if (others.length > 1) {
          part.append(chips("compare", said.compare, others, known.compare, scenarioName,
            (value) => { known.compare = value; render(); }));
        }
      }
      const find = (scenario, mode, band) => {
        const row = rows.find((r) => r.scenario === scenario && r.mode === mode && r.band === band);
        return row === undefined || row.value === null ? null : row.value;
      };
      const text = (value) => (value === null ? "\u2013" : write.count(value));
      part.append(grid(rows, (mode) => {
        const base = [modeName(mode), "", (band) => text(find(BASELINE, mode, band))];
        if (!others.length) return [base];
        const change = (band) => {
          const [a, b] = [find(BASELINE, mode, band), find(known.compare, mode, band)];
          if (a === null || b === null) return "\u2013";
          return (b > a ? "+" : "") + write.count(b - a);
        };
        return [base,
          [scenarioName(known.compare), "hx-second", (band) => text(find(known.compare, mode, band))],
          [said.change, "hx-second hx-change", change]];
      }));
      const gaps = about.reasons.filter((row) => row.scenario === BASELINE);
      for (const row of gaps) {
        const why = set.reasons[row.reason] || row.reason;
        part.append(element("p", "hc-small",
          modeName(row.mode) + ": " + fill(said.missing, { why: why })));
      }
      return part;
    }

    function lossPart(about) {
      const now = known.counted;
      const fits = about.border.filter((row) => row.scenario === BASELINE
        && row.opportunity === now.opportunity && row.group === now.group
        && row.measure === now.measure);
      if (!fits.length) return null;
      const part = element("section");
      part.append(element("h3", "", said.loss + ": " + countedName(now)));
      part.append(grid(fits, (mode) => [[modeName(mode), "", (band) => {
        const row = fits.find((r) => r.mode === mode && r.band === band);
        return row === undefined || row.loss === null ? "\u2013" : write.share(row.loss);
      }]]));
      return part;
    }

    function rosePart(about) {
      if (!about.roses.length) return null;
      const weights = { scenario: 4, opportunity: 8, mode: 8, group: 2, measure: 2 };
      const wanted = Object.assign({}, known.counted, { mode: known.mode, scenario: known.scenario });
      let best = about.roses[0];
      let bestScore = -1;
      for (const rose of about.roses) {
        let score = rose.band === 45 ? 1 : 0;
        for (const key of Object.keys(weights)) if (rose[key] === wanted[key]) score += weights[key];
        if (score > bestScore) {
          best = rose;
          bestScore = score;
        }
      }
      const part = element("section");
      const what = [set.opportunity_names[best.opportunity] || best.opportunity,
        modeName(best.mode), bandName(best.band), scenarioName(best.scenario)].join(", ");
      part.append(element("h3", "", said.rose),
        hc.roseBox(best.values, about.name, words, write, what));
      return part;
    }

    function render() {
      const active = document.activeElement && document.activeElement.id;
      const parts = set.notes.map((note) => element("p", "hc-small hx-note", note));
      const about = known.about;
      if (!about) {
        parts.unshift(element("p", "hx-start", said.start));
      } else {
        const facts = [words.zone + " " + about.id, about.country].filter((text) => text);
        parts.unshift(element("h2", "", about.name), element("p", "hc-small", facts.join(", ")));
        parts.push(timesPart(), reachPart(about));
        if (known.counted) parts.push(lossPart(about));
        parts.push(rosePart(about));
      }
      box.replaceChildren(...parts.filter((part) => part));
      if (active && document.getElementById(active)) document.getElementById(active).focus();
    }

    // ---- asking --------------------------------------------------------------------------------

    async function watch(mine) {
      while (mine === turn) {
        const now = await ask("/status.json", {});
        if (mine !== turn || now.state === "ready" || now.state === "failed") return;
        status.textContent = said.preparing;
        await new Promise((done) => setTimeout(done, 700));
      }
    }

    async function times() {
      if (known.zone === null || !known.onMap || !set.modes.length) return;
      const mine = ++turn;
      const zoneIdx = known.zone;
      status.textContent = said.working;
      // Only a wait that is felt is worth a word about what is going on.
      const patience = setTimeout(() => { watch(mine).catch(() => {}); }, 400);
      let answer;
      try {
        answer = await ask("/times.json",
          { zone: data.ids[zoneIdx], mode: known.mode, scenario: known.scenario });
      } catch (error) {
        if (mine === turn) status.textContent = fill(said.failed, { why: error.message });
        return;
      } finally {
        clearTimeout(patience);
      }
      if (mine !== turn) return;
      paint(zoneIdx, answer);
    }

    function paint(zoneIdx, answer) {
      turn += 1;
      const last = set.bands[set.bands.length - 1];
      const half = known.circle === "half" && set.border;
      let within = 0;
      const values = answer.minutes.map((minutes, i) => {
        if (minutes === null || minutes > last) return 0;
        if (half && data.countries[i] !== data.countries[zoneIdx]) return null;
        within += 1;
        return Math.max(minutes, LEAST_MIN);
      });
      const name = data.names[zoneIdx];
      const title = [fill(said.times_title, { name: name }), modeName(known.mode)];
      if (set.scenarios.length > 1) title.push(scenarioName(known.scenario));
      if (half) title.push(said.circle_half);
      page.show({ quantity: "live", kind: "minutes", title: title.join(", "),
        heading: title[0], unit: words.unit_minutes, classes: "live", mark: zoneIdx,
        mode: known.mode, band: null, scenario: known.scenario },
      values, { breaks: set.bands, colours: set.colours, method: "fixed", whole: false });
      status.textContent = fill(said.done,
        { n: write.count(within), all: write.count(values.length), band: write.count(last) })
        + (answer.changed ? " " + said.changed : "");
      document.documentElement.dataset.times = known.mode + "/" + known.scenario + "/" + zoneIdx;
    }

    async function zone(zoneIdx) {
      known.zone = zoneIdx;
      try {
        const about = await ask("/zone.json", { zone: data.ids[zoneIdx] });
        if (known.zone !== zoneIdx) return;
        known.about = about;
      } catch (error) {
        box.replaceChildren(element("p", "hx-note", error.message));
        return;
      }
      render();
      times();
    }

    function chosen() {
      // A layer of the run was asked for: travel times make way for it.
      turn += 1;
      known.onMap = false;
      const tick = document.getElementById("hx-on-map");
      if (tick) tick.checked = false;
    }

    document.body.classList.add("hx");
    render();
    return { zone, chosen };
  };
})();
