/* The panel of the landing page: looks a row up and says it; no number is made here. */
for (const panel of document.querySelectorAll(".guide-panel")) {
  const rows = JSON.parse(panel.querySelector(".guide-panel-data").textContent);
  const out = panel.querySelector("output");
  const say = () => {
    const key = ["sizes", "scale", "share"].map((name) => panel.elements[name].value).join("|");
    const row = rows[key];
    const strong = document.createElement("strong");
    const rest = document.createElement("span");
    rest.className = "rest";
    strong.textContent = row ? row[0] : "Unknown:";
    rest.textContent = row
      ? `off at the median; four in five families: ${row[1]}; cost: ${row[2]} of the target's FLOPs; ` +
        `evidence: ${row[3]}.`
      : "too few families in the data tell. Ask for more sizes, or for a nearer target.";
    out.replaceChildren(strong, " ", rest);
    out.style.setProperty("--error", row ? Math.min(1, row[4] / 0.3) : 0);
  };
  panel.addEventListener("change", say);
  panel.addEventListener("submit", (event) => event.preventDefault());
  say();
}
