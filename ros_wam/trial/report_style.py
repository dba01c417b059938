"""The looks of report.html: no fonts, scripts or pictures from anywhere else."""

STYLE = """
:root { --page:#f6f6f4; --card:#ffffff; --ink:#1b1d21; --soft:#646a73; --faint:#9aa0a8; --rule:#e4e4e0; --lane:#f7f7f5;
  --measured:#2158d6; --sent:#f0a02c; --good:#1a7f43; --bad:#c9302c; --warn:#a86400; --good-bg:#e3f3e8;
  --bad-bg:#fbe6e5; --warn-bg:#faf0da; --idle:#d9d9d4; --bar:#8fa9e6; --limit:#8a63c9;
  --act-warn:#e8d48a; --act-slow:#efb04a; --act-hold:#e2703a; --act-stop:#b3201c; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --page:#121316; --card:#1a1c20; --ink:#e9eaec; --soft:#a2a8b1;
  --faint:#70767f; --rule:#2c2f35; --lane:#202329; --measured:#86aaff; --sent:#e39a35; --good:#63cf8a; --bad:#ff8b85;
  --warn:#e8b35a; --good-bg:#173523; --bad-bg:#412020; --warn-bg:#3a2e17; --idle:#3a3d44; --bar:#46588c;
  --limit:#b394ea;  --act-warn:#7d6d2c; --act-slow:#b57f24; --act-hold:#d9683a; --act-stop:#f0544f; } }
* { box-sizing: border-box; }
body { margin:0; background:var(--page); color:var(--ink); line-height:1.45; font-variant-numeric: tabular-nums;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; font-size:14px; }
main { max-width:1200px; margin:0 auto; padding:40px 24px 80px; }
h1 { font-size:27px; line-height:1.2; letter-spacing:-.015em; margin:0 0 6px; }
h1::first-letter { text-transform: uppercase; }
h2 { font-size:16px; letter-spacing:-.005em; margin:40px 0 12px; }
.soft { color:var(--soft); } .num { text-align:right; }
.card { background:var(--card); border:1px solid var(--rule); border-radius:10px; }
.tiles { display:grid; grid-template-columns:repeat(auto-fit, minmax(min(240px, 46%), 1fr)); gap:12px;margin:26px 0 0; }
.tile { padding:14px 16px 13px; } .tile b { display:block; font-size:25px; font-weight:600; letter-spacing:-.02em; }
.tile .name { color:var(--soft); font-size:12.5px; } .tile .note { color:var(--faint); font-size:12px; }
.interval { position:relative; height:6px; border-radius:3px; background:var(--rule); margin:9px 0 6px; }
.interval i { position:absolute; top:0; bottom:0; border-radius:3px; background:var(--bar); }
.interval u { position:absolute; top:-3px; width:3px; height:12px; border-radius:2px; background:var(--ink); }
.scroll { overflow-x:auto; } table { border-collapse:collapse; width:100%; }
th { font-weight:500; font-size:12px; color:var(--soft); text-align:left; padding:10px 10px 8px; white-space:nowrap; }
td { padding:9px 10px; border-top:1px solid var(--rule); white-space:nowrap; }
th.num { text-align:right; } a { color:inherit; text-decoration-color:var(--faint); text-underline-offset:3px; }
.pill { display:inline-block; padding:1px 9px; border-radius:99px; font-size:12.5px; font-weight:550; }
.success { color:var(--good); background:var(--good-bg); } .failure { color:var(--bad); background:var(--bad-bg); }
.aborted { color:var(--warn); background:var(--warn-bg); }
.meter { display:inline-block; width:64px; height:6px; border-radius:3px; background:var(--rule); margin-right:9px;
  vertical-align:1px; overflow:hidden; } .meter i { display:block; height:100%; background:var(--measured); }
.dots i { display:inline-block; width:9px; height:9px; border-radius:50%; border:1.5px solid var(--faint);
  margin-right:4px; }
.dots i.part { border-color:var(--good); background:linear-gradient(90deg, var(--good) 50%, transparent 50%); }
.dots i.done { border-color:var(--good); background:var(--good); }
table.small { width:auto; font-size:13px; margin:0 0 8px; } table.small td { padding:4px 12px 4px 0; }
td.why { color:var(--soft); white-space:normal; } table.hops td, table.hops th { padding:5px 14px; }
.trial { margin-top:18px; padding:18px 18px 12px; } .trial header { display:flex; flex-wrap:wrap; gap:4px 14px;
  align-items:baseline; margin-bottom:4px; } .trial h3 { margin:0; font-size:17px; }
.facts { display:flex; flex-wrap:wrap; gap:2px 22px; color:var(--soft); font-size:13px; margin:0 0 10px; }
.facts b { color:var(--ink); font-weight:550; } .say { margin:2px 0 10px; }
ol.stages { list-style:none; display:flex; flex-wrap:wrap; gap:4px 16px; margin:0 0 10px; padding:0; font-size:13px;
  color:var(--faint); } ol.stages li.done { color:var(--ink); }
ol.stages i { display:inline-block; min-width:17px; height:17px; border-radius:9px; text-align:center;
  font-style:normal; font-size:10.5px; line-height:17px; font-weight:650; margin-right:6px;
  background:var(--rule); color:var(--soft); }
ol.stages li.done i { background:var(--good); color:var(--card); } ol.stages span { color:var(--soft); font-size:12px; }
.legend { display:flex; flex-wrap:wrap; gap:4px 20px; font-size:12.5px; color:var(--soft); margin:0 0 2px; }
.legend i { display:inline-block; width:18px; height:0; border-top:2px solid; vertical-align:4px; margin-right:6px; }
.legend i.block { height:10px; border:0; vertical-align:-1px; }
svg.chart { display:block; width:100%; min-width:760px; height:auto; }
svg text { font-family:inherit; fill:var(--soft); font-size:11px; }
svg .name { fill:var(--ink); font-weight:550; font-size:12px; } svg .tiny { font-size:9.5px; }
svg .lane { fill:var(--lane); } svg .grid { stroke:var(--rule); } svg .idle { fill:var(--idle); opacity:.55; }
svg polyline { fill:none; stroke-linejoin:round; stroke-linecap:round; }
svg .sent { stroke:var(--sent); stroke-width:3.4; opacity:.62; }
svg .measured { stroke:var(--measured); stroke-width:1.25; } svg .error { stroke:var(--soft); stroke-width:1.1; }
svg .desired { stroke:var(--bad); stroke-width:1.2; stroke-dasharray:2 2; }
svg .bar { fill:var(--bar); } svg .limit { fill:var(--limit); } svg .refused { fill:var(--bad); }
.act.warn { fill:var(--act-warn); background:var(--act-warn); }
.act.slow { fill:var(--act-slow); background:var(--act-slow); }
.act.hold { fill:var(--act-hold); background:var(--act-hold); }
.act.stop { fill:var(--act-stop); background:var(--act-stop); }
svg .mode { fill:var(--idle); } svg .mode.policy { fill:var(--good-bg); } svg .mode.teleop { fill:var(--bar); }
svg .mode.homing { fill:var(--warn-bg); } svg .mode.fault { fill:var(--act-stop); }
svg .stage { stroke:var(--good); stroke-dasharray:3 3; }
svg .flag circle { fill:var(--good); }
svg .flag text { fill:var(--card); font-weight:650; font-size:10px; }
svg .fault { stroke:var(--bad); stroke-width:1.5; }
svg .faultname { fill:var(--bad); font-weight:550; } svg .sprocket { stroke:var(--faint); }
svg image { cursor:zoom-in; } svg .cross { stroke:var(--ink); opacity:.45; visibility:hidden; }
svg .read, svg .clock { fill:var(--ink); font-size:10.5px; paint-order:stroke; stroke:var(--lane); stroke-width:4px; }
svg .clock { stroke:var(--card); font-weight:550; }
dl { display:grid; grid-template-columns:max-content 1fr; gap:4px 22px; margin:0; padding:16px 18px; font-size:13px; }
dt { color:var(--soft); } dd { margin:0; overflow-wrap:anywhere; }
dialog { border:0; padding:0; background:transparent; max-width:min(94vw, 960px); } dialog img { width:min(94vw, 960px);
  border-radius:8px; display:block; } dialog::backdrop { background:rgb(0 0 0 / .75); }
@media print { body { background:#fff; } .trial { break-inside:avoid; } }
"""

SCRIPT = """
for (const chart of document.querySelectorAll('svg.chart')) {
  const cross = chart.querySelector('.cross'), reads = chart.querySelectorAll('.read');
  const within = (p, x) => x >= p.getItem(0).x - 1 && x <= p.getItem(p.numberOfItems - 1).x + 1;
  const value = (lines, x) => {
    const line = lines.find(line => within(line.points, x));
    if (!line) return null;
    const p = line.points; let low = 0, high = p.numberOfItems - 1;
    while (high - low > 1) { const mid = (low + high) >> 1; if (p.getItem(mid).x > x) high = mid; else low = mid; }
    const at = Math.abs(p.getItem(low).x - x) < Math.abs(p.getItem(high).x - x) ? low : high;
    const d = line.dataset;
    return +d.low + (d.bottom - p.getItem(at).y) / (d.bottom - d.top) * (d.high - d.low);
  };
  chart.addEventListener('mousemove', event => {
    const box = chart.getBoundingClientRect(), d = chart.dataset;
    const x = (event.clientX - box.left) / box.width * d.width;
    const inside = x >= +d.left && x <= +d.right;
    cross.style.visibility = inside ? 'visible' : 'hidden';
    cross.setAttribute('x1', x); cross.setAttribute('x2', x);
    const late = x > (+d.left + +d.right) / 2;
    for (const read of reads) {
      const lines = kind => [...chart.querySelectorAll(`polyline.${kind}[data-lane="${read.dataset.lane}"]`)];
      const values = ['sent', 'measured', 'error'].map(kind => value(lines(kind), x)).filter(v => v !== null);
      read.textContent = inside ? values.map(v => v.toFixed(+read.dataset.digits)).join('  ·  ') : '';
      read.setAttribute('x', late ? x - 7 : x + 7);
      read.setAttribute('text-anchor', late ? 'end' : 'start');
    }
    const clock = chart.querySelector('.clock');
    clock.textContent = inside ? ((x - d.left) / (d.right - d.left) * d.seconds).toFixed(2) + ' s' : '';
    clock.setAttribute('x', x);
  });
  chart.addEventListener('mouseleave', () => {
    cross.style.visibility = 'hidden';
    for (const read of reads) read.textContent = '';
    chart.querySelector('.clock').textContent = '';
  });
}
const dialog = document.querySelector('dialog');
for (const picture of document.querySelectorAll('svg.chart image'))
  picture.addEventListener('click', () => {
    dialog.firstElementChild.src = picture.getAttribute('href'); dialog.showModal();
  });
dialog.addEventListener('click', () => dialog.close());
"""
