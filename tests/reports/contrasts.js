// the texts whose contrast is below 4.5 (WCAG 2.2, 1.4.3), with it; what is faded out is not active
(() => {
  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [red, green, blue] = parts(colour).slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    if (element.tagName === "text" && element.previousElementSibling?.tagName === "rect") {
      const fill = getComputedStyle(element.previousElementSibling).fill;
      if (fill !== "none") return fill;
    }
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (parts(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const skipped = ["SCRIPT", "OPTION", "title"].includes(element.tagName) || element.closest(".disabled, .aloud, .skip");
    if (skipped || !walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const both = [light(element.tagName === "text" ? style.fill : style.color), light(behind(element))].sort();
    const [dark, bright] = both[0] < both[1] ? both : both.reverse();
    const contrast = (bright + 0.05) / (dark + 0.05);
    if (contrast < 4.5) found.push(`${contrast.toFixed(2)} ${element.tagName}.${element.getAttribute("class")} ${walker.currentNode.data}`);
  }
  return found;
})()
