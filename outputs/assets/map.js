// Interactive map of a run. Everything it needs is in the page: no request leaves the machine.
// All words and names come from outside and are put in place as text, never as HTML.
(function () {
  "use strict";

  const hc = window.halfcircle;
  const { element, fill, plainLetters, latLngs, ZERO } = hc;
  const DIMS = ["quantity", "place", "opportunity", "mode", "band", "percentile", "group",
    "measure", "scenario"];
  // Room that a half circle takes on the screen, and how many there may be at once.
  const GLYPH_RADIUS = 15;
  const GLYPH_ROOM = 36;
  // Unasked they stand further apart, and only where something is lost: the layer is to be seen.
  const FREE_ROOM = 56;
  const MOST_GLYPHS = 400;
  const LABEL_DROP = 24;
  // Unasked, half circles are shown where they leave this much of the zones to be seen.
  const MOST_COVERED = 0.5;

  // ---- the page ------------------------------------------------------------------------------

  function start(map, meta, data) {
    const words = meta.texts;
    const write = hc.formatter(meta.separators);
    const layers = meta.layers;
    const hatch = hc.hatchPattern();
    const ui = {
      title: document.getElementById("hc-layer"),
      controls: document.getElementById("hc-controls"),
      legend: document.getElementById("hc-legend"),
      note: document.getElementById("hc-note"),
      hover: document.getElementById("hc-hover"),
      search: document.getElementById("hc-search"),
      found: document.getElementById("hc-found"),
      classes: document.getElementById("hc-own-classes"),
      switches: document.getElementById("hc-switches"),
    };
    let current = 0;
    let selected = null;
    let shown = null;

    function value(layerIdx, zoneIdx) {
      const stored = data.values[layerIdx][zoneIdx];
      return stored === null ? null : stored / layers[layerIdx].scale;
    }

    function say(layerIdx, amount) {
      const kind = layers[layerIdx].kind;
      if (kind === "share") return write.share(amount);
      if (kind === "mode") return meta.classes[layers[layerIdx].classes].labels[amount - 1];
      if (kind === "minutes") {
        return amount === 0 ? words.zero_minutes : fill(words.minutes, { n: Math.ceil(amount) });
      }
      return (kind === "delta" && amount > 0 ? "+" : "") + write.count(amount);
    }

    function reason(layerIdx, zoneIdx) {
      // A difference is not known where one of the two is not.
      const layer = layers[layerIdx];
      for (const scenario of [layer.scenario, "baseline"]) {
        const given = (data.reasons[scenario] || {})[layer.mode];
        const found = given && given[zoneIdx];
        if (found !== undefined) return words.reasons[found];
      }
      return "";
    }

    // -- drawing --

    const renderer = L.canvas({ padding: 0.3 });
    const drawn = [];
    const labels = [];

    // Dots nearly touch at every zoom, within what can be seen and clicked.
    function dotRadius() {
      const metres = 40075016.7 * Math.cos((map.getCenter().lat * Math.PI) / 180);
      const pixels = (meta.spacing_m * 256 * Math.pow(2, map.getZoom())) / metres;
      return Math.min(Math.max(0.48 * pixels, 2), 14);
    }

    if (!meta.areas) {
      map.on("zoomend", () => {
        const radius = dotRadius();
        for (const shape of drawn) shape.setRadius(radius);
      });
    }

    function draw() {
      const scale = data.scale;
      data.zones.forEach((zone, zoneIdx) => {
        const options = { renderer: renderer, weight: 0.6, color: "#ffffff", fillOpacity: 1 };
        if (!meta.areas) Object.assign(options, { radius: dotRadius(), color: "#5a5a5a" });
        const shape = hc.zoneShape(zone, meta.areas, scale, options);
        shape.on("click", (event) => {
          L.DomEvent.stopPropagation(event);
          open(zoneIdx, event.latlng);
        });
        shape.on("mouseover", () => hover(zoneIdx));
        shape.addTo(map);
        drawn.push(shape);
      });
      data.outlines.forEach((outline, i) => outlines.push(drawOutline(outline, i)));
      hc.addLines(map, data.border.map((line) => latLngs(line, scale)), renderer,
        { color: "#1d1d1d", weight: 1.8, dashArray: "7 3 2 3" });
      for (const label of data.labels) {
        labels.push(hc.addLabel(map, [label[1] / scale, label[0] / scale], label[2], label[3]));
      }
    }

    const outlines = [];

    function dashes(i) {
      return meta.outline_dashes[i % meta.outline_dashes.length] || null;
    }

    function drawOutline(outline, i) {
      const group = L.layerGroup();
      hc.addLines(group, outline.lines.map((line) => latLngs(line, data.scale)), renderer,
        { color: meta.outline_colour, weight: 1.6, dashArray: dashes(i) });
      for (const [x, y, text] of outline.names) {
        hc.addLabel(group, [y / data.scale, x / data.scale], text, "area");
      }
      return group.addTo(map);
    }

    function classesOf(layerIdx) {
      const layer = layers[layerIdx];
      return ui.classes.checked && layer.own ? layer.own : meta.classes[layer.classes];
    }

    function paint() {
      const classes = classesOf(current);
      drawn.forEach((shape, zoneIdx) => {
        const amount = value(current, zoneIdx);
        const style = { fillColor: hc.colourOf(amount, classes, hatch) };
        // Empty zones are nearly white: a white edge would not be seen.
        if (meta.areas && zoneIdx !== shown) style.color = amount === 0 ? "#aab3b9" : "#ffffff";
        shape.setStyle(style);
      });
      ui.classes.closest("p").hidden = !layers[current].own;
      setGlyphs();
      mark(layers[current].mark);
      glyphs();
      legend(classes);
      const title = layers[current].title;
      ui.title.textContent = title;
      document.title = meta.name + " \u2013 " + title;
    }

    // The place that a layer is about.
    let marker = null;

    function mark(zoneIdx) {
      if (marker) marker.remove();
      marker = null;
      if (zoneIdx === null) return;
      const icon = L.divIcon({ className: "hc-mark", iconSize: [14, 14] });
      marker = L.marker(centre(zoneIdx), { icon: icon, interactive: false, keyboard: false,
        zIndexOffset: 1000 }).addTo(map);
    }

    function legend(classes) {
      const layer = layers[current];
      const known = data.values[current].filter((v) => v !== null).length;
      const all = data.zones.length;
      const timed = layer.kind === "minutes";
      const text = layer.kind === "share" ? write.share : write.count;
      const zero = timed ? words.zero_minutes
        : layer.kind === "share" ? words.zero_share : words.zero;
      const rows = hc.legendRows(classes, words, text, zero);
      if (known < all) {
        rows.push({ className: "hc-hatched", label: timed ? words.missing_minutes : words.missing });
      }
      if (data.border.length) rows.push({ className: "hc-border", label: words.border });
      data.outlines.forEach((outline, i) => {
        if (map.hasLayer(outlines[i])) rows.push({ node: stroke(i), className: "hc-line",
          label: outline.label });
      });
      const parts = [element("p", "hc-unit", layer.unit), hc.legendList(rows)];
      if (layer.facts.length) parts.push(factTable(layer.facts));
      if (!timed) {
        parts.push(element("p", "hc-small", words["method_" + classes.method]),
          element("p", "hc-small", fill(words.of_zones,
            { known: write.count(known), all: write.count(all) })));
      }
      if (glyphsOn() && shownGlyphs) parts.push(glyphLegend());
      ui.legend.replaceChildren(...parts);
    }

    function stroke(i) {
      const box = hc.drawing("svg", { viewBox: "0 0 27 14", width: 27, height: 14 });
      box.append(hc.drawing("path", { d: "M0 7H27", stroke: meta.outline_colour,
        "stroke-width": 2, "stroke-dasharray": dashes(i) || "none" }));
      return box;
    }

    function factTable(facts) {
      const table = element("table", "hc-facts");
      facts.forEach((cells, i) => {
        const row = element("tr");
        cells.forEach((text, k) => {
          const cell = element(i === 0 || k === 0 ? "th" : "td", "", text);
          if (i === 0 || k === 0) cell.scope = i === 0 ? "col" : "row";
          row.append(cell);
        });
        table.append(row);
      });
      return table;
    }

    // -- half circles --

    const roses = data.glyphs.layers || [];
    const roseAt = new Map((data.glyphs.zones || []).map((zoneIdx, i) => [zoneIdx, i]));
    const roseLayer = L.layerGroup();
    let shownGlyphs = null;

    function glyphsOn() {
      const box = document.getElementById("hc-glyphs");
      return Boolean(box && box.checked);
    }

    // What was chosen by hand or in the address; until then they come with the loss.
    let glyphsAsked = null;
    const roomy = new Map();

    function setGlyphs() {
      const box = document.getElementById("hc-glyphs");
      if (!box) return;
      box.checked = glyphsAsked !== null ? glyphsAsked
        : layers[current].quantity === "loss" && room();
    }

    // Whether the whole map, as it opens, would keep more than it loses under half circles.
    function room() {
      const set = roseSet();
      if (roomy.has(set)) return roomy.get(set);
      const zoom = map.getBoundsZoom(meta.bounds);
      const bounds = L.latLngBounds(meta.bounds);
      const first = map.project(bounds.getSouthWest(), zoom);
      const last = map.project(bounds.getNorthEast(), zoom);
      const zones = meta.filled * (last.x - first.x) * (first.y - last.y);
      const apart = spread((at) => map.project(at, zoom), set, null).places.length;
      roomy.set(set, apart * Math.PI * GLYPH_RADIUS * GLYPH_RADIUS <= MOST_COVERED * zones);
      return roomy.get(set);
    }

    // Of the layer on the map, or of what is nearest to it.
    function roseSet() {
      const now = layers[current];
      let best = null;
      let bestScore = -1;
      for (const set of roses) {
        const weights = { opportunity: 8, mode: 8, scenario: 4, measure: 2, group: 2, band: 4 };
        let score = 0;
        for (const dim of Object.keys(weights)) {
          if (set.dims[dim] === now[dim]) score += weights[dim];
        }
        if (score > bestScore) {
          best = set;
          bestScore = score;
        }
      }
      return best;
    }

    function roseWords(set) {
      const parts = [meta.labels.opportunity[set.dims.opportunity] || set.dims.opportunity,
        meta.labels.mode[set.dims.mode] || set.dims.mode];
      if (set.dims.band !== null) parts.push(meta.labels.band[String(set.dims.band)]);
      return parts.join(", ");
    }

    // Where names are written; those of places that have a half circle themselves, below it.
    function named(pixel, wanted) {
      return data.labels.map(([x, y, text, kind]) => {
        const p = pixel([y / data.scale, x / data.scale]);
        const place = kind === "place";
        const drop = place && wanted.some((one) => Math.hypot(one.x - p.x, one.y - p.y) < 12);
        return { x: p.x, y: p.y + (drop ? LABEL_DROP : 0), drop: drop, high: place ? 7 : 11,
          wide: text.length * (place ? 3.6 : 12) };
      });
    }

    // Zones whose half circles touch neither each other nor names; in the order of weight.
    function spread(pixel, set, view) {
      const asked = glyphsAsked === true;
      const apart = asked ? GLYPH_ROOM : FREE_ROOM;
      const sum = (values, from) => values.slice(from, from + hc.SECTORS + 1)
        .reduce((a, b) => a + b, 0);
      const wanted = [];
      data.glyphs.zones.forEach((zoneIdx, i) => {
        const values = set.values[i];
        if (!values || (!asked && sum(values, 0) <= sum(values, hc.SECTORS + 1))) return;
        const at = centre(zoneIdx);
        if (view && !view.contains(at)) return;
        const p = pixel(at);
        wanted.push({ x: p.x, y: p.y, zoneIdx: zoneIdx, at: at, values: values });
      });
      const names = named(pixel, wanted);
      const taken = [];
      for (const one of wanted) {
        if (taken.length >= MOST_GLYPHS) break;
        if (taken.some((other) => Math.hypot(other.x - one.x, other.y - one.y) < apart)) continue;
        if (names.some((name) => Math.abs(name.x - one.x) < name.wide + GLYPH_RADIUS
          && Math.abs(name.y - one.y) < name.high + GLYPH_RADIUS)) continue;
        taken.push(one);
      }
      return { places: taken, names: names };
    }

    function dropped(label, on) {
      const node = label.getElement();
      if (node) node.classList.toggle("hc-label-below", on);
    }

    function glyphs() {
      roseLayer.clearLayers();
      shownGlyphs = null;
      labels.forEach((label) => dropped(label, false));
      if (!glyphsOn()) return;
      shownGlyphs = roseSet();
      const { places, names } = spread((at) => map.latLngToLayerPoint(at), shownGlyphs,
        map.getBounds().pad(0.1));
      labels.forEach((label, i) => dropped(label, names[i].drop));
      if (!places.length) shownGlyphs = null;
      places.forEach(({ zoneIdx, at, values }) => {
        const size = 2 * (GLYPH_RADIUS + 1.5);
        const icon = L.divIcon({ className: "hc-glyph", html: hc.rose(values, GLYPH_RADIUS),
          iconSize: [size, size] });
        const marker = L.marker(at, { icon: icon, keyboard: false, title: data.names[zoneIdx] });
        marker.on("click", () => open(zoneIdx, at));
        marker.on("mouseover", () => hover(zoneIdx));
        marker.addTo(roseLayer);
      });
    }

    function glyphLegend() {
      const box = element("div", "hc-glyph-legend");
      box.append(hc.legendList([{ colour: hc.HOME, label: words.glyph_home },
        { colour: hc.LOST, label: words.glyph_lost }]));
      box.append(element("p", "hc-small", fill(words.glyph_note, { what: roseWords(shownGlyphs) })));
      return box;
    }

    function check(id, label, on, change) {
      const line = element("p");
      const caption = element("label", "hc-check");
      const box = element("input");
      box.type = "checkbox";
      box.id = id;
      box.checked = on;
      box.addEventListener("change", change);
      caption.append(box, " " + label);
      line.append(caption);
      ui.switches.append(line);
    }

    function switches() {
      if (roses.length) {
        roseLayer.addTo(map);
        check("hc-glyphs", words.glyphs, false, (event) => {
          glyphsAsked = event.target.checked;
          paint();
          if (shown !== null) open(shown);
          remember();
        });
        map.on("moveend", () => { if (glyphsOn()) glyphs(); });
      }
      data.outlines.forEach((outline, i) => {
        check("hc-outline-" + i, fill(words.outline, { name: outline.label }), true, (event) => {
          if (event.target.checked) outlines[i].addTo(map);
          else outlines[i].remove();
          paint();
        });
      });
    }

    // -- choosing a layer --

    function allowed(dim, wanted) {
      const before = DIMS.slice(0, DIMS.indexOf(dim));
      const now = layers[current];
      return layers.map((layer, i) => i).filter((i) =>
        i < stored && layers[i][dim] === wanted && before.every((d) => layers[i][d] === now[d]));
    }

    function nearest(candidates) {
      // Keep as much of what is chosen as possible; earlier choices weigh more.
      const now = layers[current];
      let best = candidates[0];
      let bestScore = -1;
      for (const i of candidates) {
        let score = 0;
        DIMS.forEach((dim, k) => {
          if (layers[i][dim] === now[dim]) score += Math.pow(2, DIMS.length - k);
        });
        if (score > bestScore) {
          best = i;
          bestScore = score;
        }
      }
      return best;
    }

    function choose(layerIdx, quiet) {
      current = layerIdx;
      before = layerIdx;
      if (explorer && !quiet) explorer.chosen();
      paint();
      controls();
      if (shown !== null && !explorer) open(shown);
      if (!quiet) remember();
    }

    function controls() {
      const now = layers[current];
      const active = document.activeElement && document.activeElement.id;
      const parts = [];
      for (const dim of DIMS) {
        const values = meta.values[dim].filter((v) => allowed(dim, v).length);
        if (values.length < 2) continue;
        const box = element("fieldset");
        box.append(element("legend", "", words.dims[dim]));
        const many = values.length > 7;
        const menu = many ? element("select") : element("div", "hc-chips");
        if (many) {
          menu.id = "hc-" + dim;
          menu.setAttribute("aria-label", words.dims[dim]);
          menu.addEventListener("change", () => {
            choose(nearest(allowed(dim, values[menu.selectedIndex])));
          });
        }
        values.forEach((v, k) => {
          const label = meta.labels[dim][String(v)];
          if (many) {
            const option = element("option", "", label);
            option.selected = v === now[dim];
            menu.append(option);
            return;
          }
          const chip = element("label");
          const radio = element("input");
          radio.type = "radio";
          radio.name = "hc-" + dim;
          radio.id = "hc-" + dim + "-" + k;
          radio.checked = v === now[dim];
          radio.addEventListener("change", () => choose(nearest(allowed(dim, v))));
          chip.append(radio, element("span", "", label));
          menu.append(chip);
        });
        box.append(menu);
        parts.push(box);
      }
      ui.controls.replaceChildren(...parts);
      if (active && document.getElementById(active)) document.getElementById(active).focus();
    }

    // -- zones --

    function hover(zoneIdx) {
      const amount = value(current, zoneIdx);
      const none = layers[current].kind === "minutes" ? words.missing_minutes : words.missing;
      const text = amount === null ? none : say(current, amount);
      ui.hover.textContent = data.names[zoneIdx] + ": " + text;
    }

    function table(layerIdxs, zoneIdx) {
      if (layers[layerIdxs[0]].kind === "mode") return shareTable(layerIdxs, zoneIdx);
      const bands = [...new Set(layerIdxs.map((i) => layers[i].band))];
      const modes = [...new Set(layerIdxs.map((i) => layers[i].mode))];
      const node = element("table");
      const head = element("tr");
      head.append(element("td"));
      for (const band of bands) {
        const timed = layers[layerIdxs[0]].kind === "minutes";
        const cell = element("th", "", timed ? words.unit_minutes : meta.labels.band[String(band)]);
        cell.scope = "col";
        head.append(cell);
      }
      node.append(head);
      const gaps = new Map();
      for (const mode of modes) {
        const row = element("tr");
        const title = element("th", "", meta.labels.mode[mode]);
        title.scope = "row";
        row.append(title);
        for (const band of bands) {
          const i = layerIdxs.find((k) => layers[k].mode === mode && layers[k].band === band);
          const amount = i === undefined ? null : value(i, zoneIdx);
          const cell = element("td", i === current ? "hc-now" : "",
            amount === null ? "\u2013" : say(i, amount));
          const counts = i !== undefined && layers[i].kind !== "minutes";
          if (counts && amount === null) gaps.set(mode, reason(i, zoneIdx));
          row.append(cell);
        }
        node.append(row);
      }
      const box = element("div");
      box.append(node);
      for (const [mode, why] of gaps) {
        const text = meta.labels.mode[mode] + ": " + words.missing;
        box.append(element("p", "hc-small", text + (why ? " (" + why + ")" : "")));
      }
      return box;
    }

    // Of the modes of a set: what share of what is in reach each is the fastest way to.
    function shareTable(layerIdxs, zoneIdx) {
      const node = element("table");
      const head = element("tr");
      head.append(element("td"));
      for (const i of layerIdxs) {
        const cell = element("th", "", meta.labels.band[String(layers[i].band)]);
        cell.scope = "col";
        head.append(cell);
      }
      node.append(head);
      meta.classes[layers[layerIdxs[0]].classes].labels.forEach((label, k) => {
        const row = element("tr");
        const title = element("th", "", label);
        title.scope = "row";
        row.append(title);
        for (const i of layerIdxs) {
          const share = data.shares[i][k][zoneIdx];
          const most = i === current && value(i, zoneIdx) === k + 1;
          row.append(element("td", most ? "hc-now" : "",
            share === null ? "\u2013" : write.share(share / 1000)));
        }
        node.append(row);
      });
      return node;
    }

    function alike(i, j) {
      // Sets of modes have a table each: their rows are the modes within.
      return DIMS.every((dim) => (dim === "mode" && layers[i].kind !== "mode") || dim === "band"
        || dim === "percentile" || layers[i][dim] === layers[j][dim]);
    }

    function content(zoneIdx) {
      const box = element("div", "hc-popup");
      box.append(element("h2", "", data.names[zoneIdx]));
      const facts = [data.ids[zoneIdx]];
      if (data.countries[zoneIdx]) facts.push(data.countries[zoneIdx]);
      if (facts[0] !== data.names[zoneIdx] || facts.length > 1) {
        box.append(element("p", "hc-small", words.zone + " " + facts.join(", ")));
      }
      // Modes without a timetable have one percentile: they stand beside whichever is chosen.
      const now = layers[current];
      function column(base) {
        return layers.map((_, i) => i).filter((i) => alike(i, base)
          && (layers[i].percentile === layers[base].percentile
            || !layers.some((l, k) => alike(k, base) && l.mode === layers[i].mode
              && l.percentile === layers[base].percentile)));
      }
      box.append(element("p", "hc-what", now.heading));
      box.append(table(column(current), zoneIdx));
      const set = roses.length ? roseSet() : null;
      const values = set && roseAt.has(zoneIdx) ? set.values[roseAt.get(zoneIdx)] : null;
      if (values) {
        const part = element("details");
        part.open = glyphsOn();
        const real = values.map((v) => v / set.scale);
        part.append(element("summary", "", words.rose),
          hc.roseBox(real, data.names[zoneIdx], words, write, roseWords(set)));
        box.append(part);
      }
      const done = new Set([now.heading]);
      const rest = element("details");
      rest.append(element("summary", "", words.all_values));
      layers.forEach((layer, i) => {
        if (done.has(layer.heading) || layer.kind === "minutes") return;
        done.add(layer.heading);
        rest.append(element("p", "hc-what", layer.heading), table(column(i), zoneIdx));
      });
      if (done.size > 1) box.append(rest);
      return box;
    }

    function centre(zoneIdx) {
      const shape = drawn[zoneIdx];
      return shape.getLatLng ? shape.getLatLng() : shape.getBounds().getCenter();
    }

    function edge(zoneIdx) {
      if (!meta.areas) return { weight: 0.6, color: "#5a5a5a" };
      return { weight: 0.6, color: value(current, zoneIdx) === 0 ? "#aab3b9" : "#ffffff" };
    }

    // A layer that is not of the run: the last one, and not offered among the others.
    const stored = layers.length;
    let explorer = null;
    let before = meta.first;

    function show(layer, values, classes) {
      layers[stored] = Object.assign({ scale: 1, own: null, facts: [], mark: null }, layer);
      data.values[stored] = values;
      meta.classes[layer.classes] = classes;
      current = stored;
      paint();
      controls();
    }

    const popup = L.popup({ maxWidth: 460, minWidth: 220, maxHeight: 420 });

    function open(zoneIdx, at) {
      if (selected !== null) drawn[selected].setStyle(edge(selected));
      selected = zoneIdx;
      shown = zoneIdx;
      drawn[zoneIdx].setStyle({ weight: 2.5, color: "#000000" }).bringToFront();
      if (explorer) {
        explorer.zone(zoneIdx);
        remember();
        return;
      }
      popup.setContent(content(zoneIdx));
      if (at || !map.hasLayer(popup)) popup.setLatLng(at || centre(zoneIdx)).openOn(map);
      remember();
    }

    map.on("popupclose", () => {
      if (shown !== null) drawn[shown].setStyle(edge(shown));
      shown = null;
      selected = null;
      remember();
    });

    const keys = data.names.map((name, i) => plainLetters(name + " " + data.ids[i]));

    function search() {
      const wanted = plainLetters(ui.search.value.trim());
      ui.found.replaceChildren();
      if (!wanted) return [];
      const starts = [];
      const holds = [];
      for (let i = 0; i < keys.length && starts.length < 8; i++) {
        const at = keys[i].indexOf(wanted);
        if (at === 0) starts.push(i);
        else if (at > 0 && holds.length < 8) holds.push(i);
      }
      const found = starts.concat(holds).slice(0, 8);
      for (const zoneIdx of found) {
        const item = element("li");
        const button = element("button", "", data.names[zoneIdx]);
        button.type = "button";
        button.append(element("small", "", " " + data.ids[zoneIdx]));
        button.addEventListener("click", () => goTo(zoneIdx));
        item.append(button);
        ui.found.append(item);
      }
      if (!found.length) ui.found.append(element("li", "hc-small", words.search_none));
      return found;
    }

    function goTo(zoneIdx) {
      ui.found.replaceChildren();
      ui.search.value = data.names[zoneIdx];
      const at = centre(zoneIdx);
      // The explorer shows what lies around a place: it stays far enough away to see it.
      if (!explorer) map.setView(at, Math.max(map.getZoom(), meta.close_zoom), { animate: false });
      else if (!map.getBounds().contains(at)) map.panTo(at, { animate: false });
      open(zoneIdx, centre(zoneIdx));
    }

    // -- the address: a link can name a layer and a zone --

    function remember() {
      const now = layers[current];
      const parts = DIMS.filter((dim) => current < stored && now[dim] !== null && meta.values[dim].length > 1)
        .map((dim) => dim + "=" + encodeURIComponent(now[dim]));
      if (glyphsAsked !== null) parts.push("glyphs=" + (glyphsAsked ? 1 : 0));
      if (shown !== null) parts.push("zone=" + encodeURIComponent(data.ids[shown]));
      try {
        history.replaceState(null, "", "#" + parts.join("&"));
      } catch (error) {
        // Inside another page the address is not ours to change.
      }
    }

    function fromAddress() {
      const asked = new URLSearchParams(location.hash.slice(1));
      let candidates = layers.map((_, i) => i);
      for (const dim of DIMS) {
        if (!asked.has(dim)) continue;
        const fits = candidates.filter((i) => String(layers[i][dim]) === asked.get(dim));
        if (fits.length) candidates = fits;
        else ui.note.textContent = words.not_here;
      }
      if (asked.has("glyphs")) glyphsAsked = asked.get("glyphs") === "1";
      choose(nearest(candidates), true);
      const zoneIdx = data.ids.indexOf(asked.get("zone"));
      if (zoneIdx >= 0) goTo(zoneIdx);
    }

    // -- print --

    function forPaper(on) {
      document.body.classList.toggle("hc-paper", on);
      map.invalidateSize({ animate: false, pan: true });
      if (on && shown === null) map.fitBounds(meta.bounds, { animate: false });
    }

    window.addEventListener("beforeprint", () => forPaper(true));
    window.addEventListener("afterprint", () => forPaper(false));
    document.getElementById("hc-print").addEventListener("click", () => window.print());
    ui.classes.addEventListener("change", () => paint());
    ui.search.addEventListener("input", search);
    ui.search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const found = search();
      if (found.length) goTo(found[0]);
    });
    window.addEventListener("hashchange", fromAddress);

    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    map.fitBounds(meta.bounds, { animate: false });
    let touched = false;
    for (const kind of ["pointerdown", "wheel", "keydown"]) {
      map.getContainer().addEventListener(kind, () => { touched = true; }, { passive: true });
    }
    map.on("resize", () => {
      if (!touched && shown === null) map.fitBounds(meta.bounds, { animate: false });
    });
    draw();
    switches();
    if (window.halfcircleExplore) {
      explorer = window.halfcircleExplore({ map, meta, data, words, write, layers, show,
        back: () => choose(before) });
    }
    current = meta.first;
    fromAddress();
    // Once drawn, not once asked to draw: the canvas follows with the next frame.
    requestAnimationFrame(() => {
      document.documentElement.dataset.readyMs = Math.round(performance.now());
      document.documentElement.dataset.ready = "yes";
    });
  }

  window.halfcircleMap = function (map) {
    const meta = JSON.parse(document.getElementById("hc-meta").textContent);
    if (typeof DecompressionStream === "undefined") {
      document.getElementById("hc-note").textContent = meta.texts.old_browser;
      return;
    }
    hc.unpack(document.getElementById("hc-data").textContent).then((data) => start(map, meta, data));
  };
})();
