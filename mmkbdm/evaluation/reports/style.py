"""The look of our pages: light, plain, readable on a telephone (ours)."""

STYLE = """\
:root { --ink: #1c2430; --soft: #5d6876; --line: #dde2e8; --blue: #2563a8; }
* { box-sizing: border-box; }
body { margin: 0; background: #f5f6f8; color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { margin: 0 0 4px; font-size: 28px; line-height: 1.25; }
h2 { margin: 0 0 4px; font-size: 20px; }
h3 { margin: 16px 0 4px; font-size: 16px; }
p { margin: 4px 0 12px; max-width: 76ch; }
section { margin-top: 20px; padding: 18px 20px; background: #fff;
  border: 1px solid var(--line); border-radius: 8px; }
.note, figcaption, .unit { color: var(--soft); font-size: 14px; }
.warning { padding: 8px 12px; background: #fff6e0; max-width: none;
  border-left: 4px solid #d99a1b; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 12px; text-align: right; vertical-align: top;
  border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
th { font-weight: 600; }
thead th { color: var(--soft); font-size: 14px; vertical-align: bottom; }
th:first-child { padding-left: 0; text-align: left; }
.scores { width: 100%; }
.scores thead th { white-space: normal; }
.scores td:nth-child(2) { font-size: 18px; font-weight: 600; }
.scores td:nth-child(2) .unit { font-weight: 400; }
.unit { font-weight: 400; }
.na { color: var(--soft); font-size: 14px; font-weight: 400; }
td .na, td .interval { display: block; font-size: 13px; }
td .interval { color: var(--soft); font-weight: 400; }
.below { display: block; }
.compared td { font-weight: 600; }
td .better { color: #14713d; font-weight: 600; }
td .worse { color: #b3261e; font-weight: 600; }
dl { display: grid; margin: 8px 0 0;
  grid-template-columns: fit-content(40%) 1fr;
  gap: 4px 16px; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; max-width: 76ch; }
.settings { font-size: 14px; }
.settings dd { font-family: ui-monospace, Menlo, Consolas, monospace;
  font-size: 13px; max-width: none; }
.equation { font-size: 18px; font-variant-numeric: tabular-nums; }
.side { display: grid; gap: 20px 32px; margin-top: 8px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }
.side tbody th { white-space: normal; }
figure { margin: 0; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui,
  sans-serif; }
svg text { fill: var(--soft); }
.axis { stroke: #9aa4b0; }
.grid { stroke: #edf0f3; }
.bar { fill: var(--blue); }
.line { fill: none; stroke-width: 2; }
.cards { display: grid; gap: 16px; margin-top: 12px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); }
.card { border: 1px solid var(--line); border-radius: 6px;
  overflow: hidden; min-width: 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1px;
  background: var(--line); align-items: start; }
.pair img, .gone { display: block; width: 100%; height: auto;
  background: #fff; }
.gone { padding: 12px; min-height: 120px; color: var(--soft);
  font-size: 13px; overflow-wrap: anywhere; }
.card p { margin: 0; padding: 0 10px 2px; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; font-size: 14px; }
.card .name { padding-top: 8px; font-weight: 600; }
.card p:last-child { padding-bottom: 8px; }
.key { display: inline-block; width: 22px; height: 4px; margin: 0 4px 3px 0;
  border: 1px solid #000; }
@media (max-width: 600px) {
  main { padding: 16px 10px 32px; }
  section { padding: 14px 12px; }
  th, td { padding: 6px; font-size: 14px; }
  th { white-space: normal; }
  .scores th .unit { display: block; font-size: 12px; }
  .scores td:nth-child(2) { font-size: 15px; }
  td .unit { display: block; }
  .compared td { white-space: normal; }
  td .na { max-width: 9ch; margin-left: auto; white-space: normal; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
}
"""
