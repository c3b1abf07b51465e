// What the map of a run and the explorer share: words, numbers, classes, shapes, roses.
// All words and names come from outside and are put in place as text, never as HTML.
(function () {
  "use strict";

  const MISSING = "#dcdcdc";
  const HATCH = "#8a8a8a";
  const ZERO = "#f7f5f0";
  const SVG = "http://www.w3.org/2000/svg";
  // Reach by direction: what lies at home, and what the border takes.
  const HOME = "#1f5f8e";
  const LOST = "#e07b2a";
  const SECTORS = 16;

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function drawing(tag, attributes) {
    const node = document.createElementNS(SVG, tag);
    for (const key of Object.keys(attributes)) node.setAttribute(key, attributes[key]);
    return node;
  }

  function fill(template, fields) {
    return template.replace(/\{(\w+)\}/g, (whole, key) => (key in fields ? fields[key] : whole));
  }

  function plainLetters(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  // ---- numbers -------------------------------------------------------------------------------

  function formatter(separators) {
    const [thousands, decimal] = separators;
    function number(value, digits) {
      const parts = Math.abs(value).toFixed(digits).split(".");
      parts[0] = parts[0].replace(/\B(?=(\d{3})+(?!\d))/g, thousands);
      return (value < 0 ? "\u2212" : "") + parts.join(decimal);
    }
    return {
      count(value) {
        const size = Math.abs(value);
        if (size > 0 && size < 0.095) return number(value, 1 - Math.floor(Math.log10(size)));
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

  function colourOf(amount, classes, hatch) {
    if (amount === null) return hatch;
    if (amount === 0) return ZERO;
    let i = 0;
    while (i < classes.breaks.length - 1 && amount > classes.breaks[i]) i++;
    return classes.colours[i];
  }

  // What one class holds, in words: "up to 500", "500 - 2,000"; of whole numbers "3", "4 - 6".
  function spanOf(lower, upper, classes, words, write) {
    const first = classes.whole ? lower + 1 : lower;
    if (classes.method.startsWith("each") || (classes.whole && first === upper)) {
      return write(upper);
    }
    if (lower === 0 && !classes.whole) return fill(words.up_to, { upper: write(upper) });
    return fill(words.between, { lower: write(first), upper: write(upper) });
  }

  // Rows of a legend, top down: { colour, label }.
  function legendRows(classes, words, write, zero) {
    const rows = [];
    const breaks = classes.breaks;
    const colours = classes.colours;
    if (classes.labels) {
      return classes.labels.map((label, i) => ({ colour: colours[i], label: label }));
    }
    if (classes.method === "diverging") {
      // The sizes of the upper half; those below zero are the same.
      const half = breaks.length / 2;
      const sizes = [0, ...breaks.slice(half)];
      const amount = (i) => spanOf(sizes[i - 1], sizes[i], classes, words, write);
      for (let i = half; i > 0; i--) {
        rows.push({ colour: colours[half + i - 1], label: fill(words.more, { amount: amount(i) }) });
      }
      rows.push({ colour: ZERO, label: words.unchanged });
      for (let i = 1; i <= half; i++) {
        rows.push({ colour: colours[half - i], label: fill(words.fewer, { amount: amount(i) }) });
      }
      return rows;
    }
    for (let i = breaks.length - 1; i >= 0; i--) {
      const label = spanOf(i ? breaks[i - 1] : 0, breaks[i], classes, words, write);
      rows.push({ colour: colours[i], label: label });
    }
    rows.push({ colour: ZERO, label: zero });
    return rows;
  }

  function legendList(rows) {
    const list = element("ul");
    for (const row of rows) {
      const item = element("li");
      const swatch = element("span", "hc-swatch " + (row.className || ""));
      if (row.colour) swatch.style.background = row.colour;
      if (row.node) swatch.append(row.node);
      swatch.setAttribute("aria-hidden", "true");
      item.append(swatch, element("span", "", row.label));
      list.append(item);
    }
    return list;
  }

  // ---- data ----------------------------------------------------------------------------------

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  function latLngs(flat, scale) {
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

  function zoneShape(zone, areas, scale, options) {
    if (areas) {
      return L.polygon(zone.map((polygon) => polygon.map((ring) => latLngs(ring, scale))), options);
    }
    return L.circleMarker([zone[1] / scale, zone[0] / scale], options);
  }

  // Under and over: a dark line on a white one is seen on light and on dark zones.
  function addLines(map, lines, renderer, over) {
    if (!lines.length) return null;
    const under = { color: "#ffffff", weight: over.weight + 2.2, opacity: 0.85 };
    const fixed = { renderer: renderer, interactive: false, fill: false };
    return L.featureGroup([under, over].map((style) => L.polyline(lines,
      Object.assign({}, fixed, style)))).addTo(map);
  }

  function addLabel(map, latLng, words, kind) {
    const icon = L.divIcon({
      className: "hc-label hc-label-" + kind,
      html: element("span", "", words),
      iconSize: null,
    });
    return L.marker(latLng, { icon: icon, interactive: false, keyboard: false,
      zIndexOffset: 500 }).addTo(map);
  }

  // ---- roses ---------------------------------------------------------------------------------

  function wedge(r, sector) {
    const first = ((sector - 0.5) * Math.PI) / 8;
    const last = ((sector + 0.5) * Math.PI) / 8;
    const at = (angle) => (r * Math.sin(angle)).toFixed(2) + " " + (-r * Math.cos(angle)).toFixed(2);
    return "M0 0L" + at(first) + "A" + r.toFixed(2) + " " + r.toFixed(2) + " 0 0 1 "
      + at(last) + "z";
  }

  // Areas are proportional to reach: 17 numbers without the border, then 17 in the own country.
  function rose(values, radius, options) {
    const set = options || {};
    const room = set.directions ? 16 : 1.5;
    const box = radius + room;
    const node = drawing("svg", {
      viewBox: [-box, -box, 2 * box, 2 * box].join(" "), width: 2 * box, height: 2 * box,
      class: "hc-rose",
    });
    if (set.title) {
      node.setAttribute("role", "img");
      node.setAttribute("aria-label", set.title);
    } else {
      node.setAttribute("aria-hidden", "true");
    }
    node.append(drawing("circle", { r: radius, fill: "#ffffff", "fill-opacity": 0.82,
      stroke: "#5b6770", "stroke-width": set.directions ? 0.8 : 0.6 }));
    const open = values.slice(0, SECTORS);
    const home = values.slice(SECTORS + 1, 2 * SECTORS + 1);
    const core = values[2 * SECTORS + 1];
    // A sector is one sixteenth of a disc, the core is a whole one.
    const top = Math.max(...open, values[SECTORS] / SECTORS, 1e-9);
    const long = (amount) => radius * Math.sqrt(Math.max(amount, 0) / top);
    const edge = set.directions ? 0.8 : 0;
    for (const [amounts, colour] of [[open, LOST], [home, HOME]]) {
      // Small ones are one path each: many of them are drawn.
      const parts = amounts.map((amount, i) => (amount > 0 ? wedge(long(amount), i) : ""));
      const d = parts.join("");
      if (d) node.append(drawing("path", { d: d, fill: colour, stroke: "#fff", "stroke-width": edge }));
    }
    if (core > 0) {
      node.append(drawing("circle", { r: long(core / SECTORS), fill: "#123a5c", stroke: "#fff",
        "stroke-width": edge }));
    }
    if (set.directions) {
      for (let i = 0; i < SECTORS; i += 4) {
        const angle = (i * Math.PI) / 8;
        const text = drawing("text", { x: (radius + 9) * Math.sin(angle),
          y: -(radius + 9) * Math.cos(angle) + 4, "text-anchor": "middle", "font-size": 11,
          fill: "#4b5760" });
        text.textContent = set.directions[i];
        node.append(text);
      }
    }
    return node;
  }

  // The rose of a zone with its sum in words, and its numbers in a table to open.
  function roseBox(values, name, words, write, what) {
    const box = element("div", "hc-rosebox");
    const directions = words.directions.split(" ");
    const sum = (from) => values.slice(from, from + SECTORS + 1).reduce((a, b) => a + b, 0);
    const open = sum(0);
    const home = sum(SECTORS + 1);
    const said = { name: name, open: write.count(open), home: write.count(home),
      loss: open > 0 ? write.share(1 - home / open) : "\u2013" };
    if (what) box.append(element("p", "hc-small", what));
    box.append(rose(values, 62, { directions: directions, title: fill(words.rose_alt, said) }));
    box.append(element("p", "hc-rose-sum", fill(words.rose_sum, said)));
    const table = element("table");
    const head = element("tr");
    head.append(element("td"));
    for (const text of [words.circle_open, words.glyph_home]) {
      const cell = element("th", "", text);
      cell.scope = "col";
      head.append(cell);
    }
    table.append(head);
    for (let i = 0; i <= SECTORS; i++) {
      const row = element("tr");
      const title = element("th", "", i === SECTORS ? words.rose_core : directions[i]);
      title.scope = "row";
      row.append(title, element("td", "", write.count(values[i])),
        element("td", "", write.count(values[SECTORS + 1 + i])));
      table.append(row);
    }
    const more = element("details");
    more.append(element("summary", "", words.all_values), table);
    box.append(more);
    return box;
  }

  window.halfcircle = { MISSING, HATCH, ZERO, HOME, LOST, SECTORS, element, drawing, fill,
    plainLetters, formatter, hatchPattern, colourOf, spanOf, legendRows, legendList, unpack,
    latLngs, zoneShape, addLines, addLabel, rose, roseBox };
})();
