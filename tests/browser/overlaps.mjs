// What lies on what in a drawing of the editor: discs, names, filters with
// their labels, numbers of routes, bubbles, notes, labels of loops, and lines
// that run through a module or its name.

/** Everything that must be read, as boxes of the drawing, and each pair of them
 *  that overlaps, in words. */
export async function overlaps(page) {
  // Far out the words are not shown, but they have their places all the same.
  await page.evaluate(async () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(".far .diagram text, .far .diagram g, .far .diagram .glyph { display: inline !important }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    const stage = document.querySelector("#stage");
    const zoomOut = () => stage.dispatchEvent(new WheelEvent("wheel", { deltaY: 60, ctrlKey: true, clientX: innerWidth / 2, clientY: innerHeight / 2, bubbles: true, cancelable: true }));
    for (let step = 0; step < 12; step += 1) zoomOut();
    await new Promise((done) => setTimeout(done, 260));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
  return page.evaluate(() => {
    const world = document.querySelector("#world");
    const matrix = world.getCTM().inverse();
    const found = [];
    /** The box of an element in the drawing, a little smaller than it is. */
    const box = (element, less = 1) => {
      const own = element.getBBox();
      const to = matrix.multiply(element.getCTM());
      const [a, b] = [{ x: own.x, y: own.y }, { x: own.x + own.width, y: own.y + own.height }].map(({ x, y }) => ({ x: x * to.a + to.e, y: y * to.d + to.f }));
      return { left: a.x + less, top: a.y + less, right: b.x - less, bottom: b.y - less };
    };
    const add = (kind, owner, element, less) => {
      if (!element || element.closest(".bubble title")) return;
      const place = box(element, less);
      if (place.right > place.left && place.bottom > place.top) found.push({ kind, owner, ...place, text: element.textContent.trim().slice(0, 30) });
    };
    for (const node of document.querySelectorAll("#nodes .node")) {
      const key = node.dataset.key;
      add("disc", `m${key}`, node.querySelector(".disc"), 4);
      add("name", `m${key}`, node.querySelector("text.name"), 2);
      add("kind", `m${key}`, node.querySelector("text.kind"), 2);
      add("bubble", `m${key}`, node.querySelector(".bubble .body"));
    }
    for (const filter of document.querySelectorAll("#filters .filter")) {
      const key = filter.dataset.key;
      add("filter", `f${key}`, filter.querySelector(".face"));
      add("label", `f${key}`, filter.querySelector("text.filter-name"), 2);
      add("counts", `f${key}`, filter.querySelector("text.filter-counts"), 2);
    }
    for (const wire of document.querySelectorAll("#links .wire")) add("route", `c${wire.dataset.key}`, wire.querySelector(".chip circle"));
    for (const note of document.querySelectorAll("#note-boxes .note")) add("note", `n${note.dataset.note}`, note.querySelector(".paper"));
    for (const area of document.querySelectorAll("#areas text.area-name")) add("loop", `a${area.parentNode.dataset.area}`, area, 2);
    const told = [];
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    for (let first = 0; first < found.length; first += 1) {
      for (let second = first + 1; second < found.length; second += 1) {
        const [a, b] = [found[first], found[second]];
        // The parts of one module, or of one filter, were made to fit.
        if (a.owner !== b.owner && meet(a, b)) told.push(`${[a.kind, b.kind].sort().join(" on ")}: ${a.owner} "${a.text}" and ${b.owner} "${b.text}"`);
      }
    }
    const solid = found.filter((part) => part.kind === "disc" || part.kind === "name");
    for (const wire of document.querySelectorAll("#links .wire")) {
      const path = wire.querySelector(".link");
      const length = path.getTotalLength();
      const hit = new Set();
      for (let at = 0; at <= length; at += 8) {
        const point = path.getPointAtLength(at);
        for (const part of solid) if (point.x > part.left && point.x < part.right && point.y > part.top && point.y < part.bottom) hit.add(part);
      }
      for (const part of hit) told.push(`line through ${part.kind}: into ${wire.dataset.key} through ${part.owner} "${part.text}"`);
    }
    return told;
  });
}
