// Interactive map of a run. Everything it needs is in the page: no request leaves the machine.
// All words and names come from outside and are put in place as text, never as HTML.
(function () {
  "use strict";

  const DIMS = ["quantity", "opportunity", "mode", "band", "percentile", "group", "measure",
    "scenario"];
  const MISSING = "#dcdcdc";
  const HATCH = "#8a8a8a";
  const ZERO = "#f7f5f0";

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function fill(template, fields) {
    return template.replace(/\{(\w+)\}/g, (whole, key) => (key in fields ? fields[key] : whole));
  }

  function plainLetters(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  // ---- numbers -------------------------------------------------------------------------------

  function formatter(meta) {
    const [thousands, decimal] = meta.separators;
    function number(value, digits) {
      const parts = Math.abs(value).toFixed(digits).split(".");
      parts[0] = parts[0].replace(/\B(?=(\d{3})+(?!\d))/g, thousands);
      return (value < 0 ? "\u2212" : "") + parts.join(decimal);
    }
    return {
      count(value) {
        const size = Math.abs(value);
        if (size >= 100 || Number.isInteger(value)) return number(value, 0);
        return number(value, size >= 10 ? 1 : 2);
      },
      share(value) {
        const percent = 100 * value;
        const whole = Math.abs(percent - Math.round(percent)) < 0.005;
        const small = Math.abs(percent) > 0 && Math.abs(percent) < 9.95;
        return number(percent, small && !whole ? 1 : 0) + "\u202f%";
      },
    };
  }

  // ---- classes -------------------------------------------------------------------------------

  function roundUp(value) {
    const step = Math.pow(10, Math.floor(Math.log10(value)) - 1);
    const steps = Math.ceil(Math.round((value / step) * 1e9) / 1e9);
    return Number((steps * step).toPrecision(3));
  }

  function quantileBreaks(values, n) {
    const sorted = [...new Set(values)].filter((v) => v !== null && v > 0).sort((a, b) => a - b);
    if (!sorted.length) return [];
    const breaks = [];
    for (let i = 1; i <= n; i++) {
      const at = (sorted.length - 1) * (i / n);
      const low = Math.floor(at);
      const high = Math.min(low + 1, sorted.length - 1);
      const bound = roundUp(sorted[low] + (sorted[high] - sorted[low]) * (at - low));
      if (!breaks.length || bound > breaks[breaks.length - 1]) breaks.push(bound);
    }
    return breaks;
  }

  function spread(ramp, n) {
    if (n <= 1) return ramp.slice(3, 3 + n);
    return Array.from({ length: n }, (_, i) => ramp[Math.round((i * (ramp.length - 1)) / (n - 1))]);
  }

  function hatchPattern() {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const pen = tile.getContext("2d");
    pen.fillStyle = MISSING;
    pen.fillRect(0, 0, 6, 6);
    pen.strokeStyle = HATCH;
    pen.lineWidth = 1;
    pen.beginPath();
    for (const x of [-6, 0, 6]) {
      pen.moveTo(x, 6);
      pen.lineTo(x + 6, 0);
    }
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  }

  // ---- data ----------------------------------------------------------------------------------

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  function latLngs(flat, scale, closed) {
    const points = [];
    let x = 0;
    let y = 0;
    for (let i = 0; i < flat.length; i += 2) {
      x += flat[i];
      y += flat[i + 1];
      points.push([y / scale, x / scale]);
    }
    return points;
  }

  // ---- the page ------------------------------------------------------------------------------

  function start(map, meta, data) {
    const words = meta.texts;
    const write = formatter(meta);
    const layers = meta.layers;
    const hatch = hatchPattern();
    const ui = {
      title: document.getElementById("hc-layer"),
      controls: document.getElementById("hc-controls"),
      legend: document.getElementById("hc-legend"),
      note: document.getElementById("hc-note"),
      hover: document.getElementById("hc-hover"),
      search: document.getElementById("hc-search"),
      found: document.getElementById("hc-found"),
      classes: document.getElementById("hc-own-classes"),
    };
    let current = 0;
    let selected = null;
    let shown = null;

    function value(layerIdx, zoneIdx) {
      const stored = data.values[layerIdx][zoneIdx];
      return stored === null ? null : stored / layers[layerIdx].scale;
    }

    function say(layerIdx, amount) {
      const quantity = layers[layerIdx].quantity;
      if (quantity === "loss") return write.share(amount);
      return (quantity === "delta" && amount > 0 ? "+" : "") + write.count(amount);
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

    function draw() {
      const scale = data.scale;
      data.zones.forEach((zone, zoneIdx) => {
        const options = { renderer: renderer, weight: 0.6, color: "#ffffff", fillOpacity: 1 };
        let shape;
        if (meta.areas) {
          shape = L.polygon(
            zone.map((polygon) => polygon.map((ring) => latLngs(ring, scale))), options);
        } else {
          options.radius = meta.radius;
          options.color = "#5a5a5a";
          shape = L.circleMarker([zone[1] / scale, zone[0] / scale], options);
        }
        shape.on("click", (event) => {
          L.DomEvent.stopPropagation(event);
          open(zoneIdx, event.latlng);
        });
        shape.on("mouseover", () => hover(zoneIdx));
        shape.addTo(map);
        drawn.push(shape);
      });
      const lines = data.border.map((line) => latLngs(line, scale));
      if (lines.length) {
        // Under and over: a dark line on a white one is seen on light and on dark zones.
        for (const style of [{ color: "#ffffff", weight: 4, opacity: 0.9 },
          { color: "#1d1d1d", weight: 1.8, dashArray: "7 3 2 3" }]) {
          L.polyline(lines, Object.assign({ renderer: renderer, interactive: false }, style))
            .addTo(map);
        }
      }
      for (const label of data.labels) {
        const icon = L.divIcon({
          className: "hc-label hc-label-" + label[3],
          html: element("span", "", label[2]),
          iconSize: null,
        });
        L.marker([label[1] / scale, label[0] / scale],
          { icon: icon, interactive: false, keyboard: false }).addTo(map);
      }
    }

    // Shares and differences keep one scale: zero and equal steps on both sides are the point.
    function ownScale(classes) {
      return classes.method === "fixed" || classes.method === "diverging";
    }

    function classesOf(layerIdx) {
      const layer = layers[layerIdx];
      const shared = meta.classes[layer.classes];
      if (!ui.classes.checked || ownScale(shared)) return shared;
      const values = data.values[layerIdx].map((v) => (v === null ? null : v / layer.scale));
      const breaks = quantileBreaks(values, shared.ramp.length);
      return { breaks: breaks, ramp: shared.ramp, method: "quantile_one" };
    }

    function colour(amount, classes, ramp) {
      if (amount === null) return hatch;
      if (amount === 0) return ZERO;
      let i = 0;
      while (i < classes.breaks.length - 1 && amount > classes.breaks[i]) i++;
      return ramp[i];
    }

    function paint() {
      const classes = classesOf(current);
      const ramp = spread(classes.ramp, classes.breaks.length);
      drawn.forEach((shape, zoneIdx) => {
        const amount = value(current, zoneIdx);
        const style = { fillColor: colour(amount, classes, ramp) };
        // Empty zones are nearly white: a white edge would not be seen.
        if (meta.areas && zoneIdx !== shown) style.color = amount === 0 ? "#c9ced2" : "#ffffff";
        shape.setStyle(style);
      });
      ui.classes.closest("p").hidden = ownScale(meta.classes[layers[current].classes]);
      legend(classes, ramp);
      const title = layers[current].title;
      ui.title.textContent = title;
      document.title = meta.name + " \u2013 " + title;
    }

    function legend(classes, ramp) {
      const layer = layers[current];
      const known = data.values[current].filter((v) => v !== null).length;
      const all = data.zones.length;
      const isShare = layer.quantity === "loss";
      const text = isShare ? write.share : write.count;
      const list = element("ul");
      function row(className, background, label) {
        const item = element("li");
        const swatch = element("span", "hc-swatch " + className);
        if (background) swatch.style.background = background;
        swatch.setAttribute("aria-hidden", "true");
        item.append(swatch, element("span", "", label));
        list.append(item);
      }
      function span(lower, upper) {
        return lower === 0 ? fill(words.up_to, { upper: text(upper) })
          : fill(words.between, { lower: text(lower), upper: text(upper) });
      }
      if (classes.method === "diverging") {
        // The sizes of the upper half; those below zero are the same.
        const half = classes.breaks.length / 2;
        const sizes = [0, ...classes.breaks.slice(half)];
        for (let i = half; i > 0; i--) {
          row("", ramp[half + i - 1], fill(words.more, { amount: span(sizes[i - 1], sizes[i]) }));
        }
        row("", ZERO, words.unchanged);
        for (let i = 1; i <= half; i++) {
          row("", ramp[half - i], fill(words.fewer, { amount: span(sizes[i - 1], sizes[i]) }));
        }
      } else {
        for (let i = classes.breaks.length - 1; i >= 0; i--) {
          row("", ramp[i], span(i ? classes.breaks[i - 1] : 0, classes.breaks[i]));
        }
        row("", ZERO, isShare ? words.zero_share : words.zero);
      }
      if (known < all) row("hc-hatched", "", words.missing);
      if (data.border.length) row("hc-border", "", words.border);
      const unit = isShare ? words.unit_share : layer.unit;
      ui.legend.replaceChildren(
        element("p", "hc-unit", unit), list,
        element("p", "hc-small", words["method_" + classes.method]),
        element("p", "hc-small", fill(words.of_zones,
          { known: write.count(known), all: write.count(all) })));
    }

    // -- choosing a layer --

    function allowed(dim, wanted) {
      const before = DIMS.slice(0, DIMS.indexOf(dim));
      const now = layers[current];
      return layers.map((layer, i) => i).filter((i) =>
        layers[i][dim] === wanted && before.every((d) => layers[i][d] === now[d]));
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
      paint();
      controls();
      if (shown !== null) open(shown);
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
      const text = amount === null ? words.missing : say(current, amount);
      ui.hover.textContent = data.names[zoneIdx] + ": " + text;
    }

    function table(layerIdxs, zoneIdx) {
      const bands = [...new Set(layerIdxs.map((i) => layers[i].band))];
      const modes = [...new Set(layerIdxs.map((i) => layers[i].mode))];
      const node = element("table");
      const head = element("tr");
      head.append(element("td"));
      for (const band of bands) {
        const cell = element("th", "", meta.labels.band[String(band)]);
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
          if (i !== undefined && amount === null) gaps.set(mode, reason(i, zoneIdx));
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

    function alike(i, j) {
      return DIMS.every((dim) => dim === "mode" || dim === "band" || dim === "percentile"
        || layers[i][dim] === layers[j][dim]);
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
      const done = new Set([now.heading]);
      const rest = element("details");
      rest.append(element("summary", "", words.all_values));
      layers.forEach((layer, i) => {
        if (done.has(layer.heading)) return;
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
      return { weight: 0.6, color: value(current, zoneIdx) === 0 ? "#c9ced2" : "#ffffff" };
    }

    const popup = L.popup({ maxWidth: 460, minWidth: 220, maxHeight: 420 });

    function open(zoneIdx, at) {
      if (selected !== null) drawn[selected].setStyle(edge(selected));
      selected = zoneIdx;
      shown = zoneIdx;
      drawn[zoneIdx].setStyle({ weight: 2.5, color: "#000000" }).bringToFront();
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
      map.setView(centre(zoneIdx), Math.max(map.getZoom(), meta.close_zoom), { animate: false });
      open(zoneIdx, centre(zoneIdx));
    }

    // -- the address: a link can name a layer and a zone --

    function remember() {
      const now = layers[current];
      const parts = DIMS.filter((dim) => now[dim] !== null && meta.values[dim].length > 1)
        .map((dim) => dim + "=" + encodeURIComponent(now[dim]));
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
    current = meta.first;
    fromAddress();
    document.documentElement.dataset.ready = "yes";
  }

  window.halfcircleMap = function (map) {
    const meta = JSON.parse(document.getElementById("hc-meta").textContent);
    if (typeof DecompressionStream === "undefined") {
      document.getElementById("hc-note").textContent = meta.texts.old_browser;
      return;
    }
    unpack(document.getElementById("hc-data").textContent).then((data) => start(map, meta, data));
  };
})();
