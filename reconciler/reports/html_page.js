"use strict";
const search = document.getElementById("search");
if (search) {
  const kind = document.getElementById("kind");
  const shown = document.getElementById("shown");
  const rows = [...document.querySelectorAll("#rows > tbody > tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const choose = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let number = 0;
    rows.forEach((row, index) => {
      const fits = !kind.value || row.dataset.is.split(" ").includes(kind.value);
      row.hidden = !(fits && words.every((word) => texts[index].includes(word)));
      number += row.hidden ? 0 : 1;
    });
    shown.value = `${number.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
  };
  search.addEventListener("input", choose);
  kind.addEventListener("change", choose);
  document.getElementById("controls").hidden = false;
  choose();
}
const unfold = () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  const details = target && target.querySelector("details");
  if (details) details.open = true;
};
addEventListener("hashchange", unfold);
unfold();
addEventListener("beforeprint", () => {
  document.querySelectorAll("article > details").forEach((details) => { details.open = true; });
});
