//! The graph as a picture: SVG that follows the reader's light or dark theme.
//!
//! Resources that one declaration makes for several keys share a box, and what a
//! longer way says already is not drawn, so that a platform of a hundred
//! resources can be read. Pointing at a box names its line of the program.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use fathuss_engine::plan::{Change, Plan};
use fathuss_model::Address;
use fathuss_model::graph::Graph;

use super::layout::{Layout, Route, Sketch, lay_out};
use super::{edges, mark_of, marks};
use crate::line::{count, harmless};
use crate::style::{Style, to_do};

const BOX_WIDTH: f64 = 222.0;
const BOX_HEIGHT: f64 = 34.0;
const COLUMN: f64 = BOX_WIDTH + 54.0;
const ROW: f64 = BOX_HEIGHT + 9.0;
const LEFT: f64 = 24.0;
const TOP: f64 = 74.0;
/// How wide a character is, of 12 pixels bold and of 10 pixels, in the widest of the usual fonts.
const NAME_CHARACTER: f64 = 6.9;
const KIND_CHARACTER: f64 = 5.75;

const STYLE: &str = "\
:root{color-scheme:light dark}\
.ground{fill:#ffffff}.name{fill:#1f2328;font-weight:600;font-size:12px}.kind,.count{fill:#59636e;font-size:10px}\
.title{fill:#1f2328;font-weight:600;font-size:17px}.legend{fill:#59636e;font-size:12px}\
.box{fill:#f6f8fa;stroke:#d1d9e0}.edge{stroke:#818b98;stroke-width:1.1;fill:none;opacity:.7}.tip{fill:#818b98}\
.g0{fill:#0969da}.g1{fill:#8250df}.g2{fill:#bf8700}.g3{fill:#1a7f37}.g4{fill:#cf222e}.g5{fill:#0a7b83}.g6{fill:#bf3989}.g7{fill:#6e7781}\
.mark{font-weight:700;font-size:13px;font-family:ui-monospace,Menlo,Consolas,monospace}\
.create .box{fill:#dafbe1;stroke:#4ac26b}.create .mark,.mark.create{fill:#116329}\
.update .box{fill:#fff8c5;stroke:#d4a72c}.update .mark,.mark.update{fill:#7d4e00}\
.replace .box{fill:#fbefff;stroke:#c297ff}.replace .mark,.mark.replace{fill:#6639ba}\
.delete .box{fill:#ffebe9;stroke:#ff8182}.delete .mark,.mark.delete{fill:#a40e26}\
.read .box{fill:#ddf4ff;stroke:#54aeff}.read .mark,.mark.read{fill:#0550ae}\
.node:hover .box{stroke-width:2.5}\
@media (prefers-color-scheme:dark){\
.ground{fill:#0d1117}.name,.title{fill:#f0f6fc}.kind,.count,.legend{fill:#9198a1}.box{fill:#151b23;stroke:#3d444d}\
.edge{stroke:#656c76}.tip{fill:#656c76}\
.g0{fill:#4493f8}.g1{fill:#ab7df8}.g2{fill:#d29922}.g3{fill:#3fb950}.g4{fill:#f85149}.g5{fill:#39c5cf}.g6{fill:#db61a2}.g7{fill:#8b949e}\
.create .box{fill:#12261e;stroke:#238636}.create .mark,.mark.create{fill:#3fb950}\
.update .box{fill:#272115;stroke:#9e6a03}.update .mark,.mark.update{fill:#d29922}\
.replace .box{fill:#211b33;stroke:#8957e5}.replace .mark,.mark.replace{fill:#ab7df8}\
.delete .box{fill:#2a1618;stroke:#da3633}.delete .mark,.mark.delete{fill:#f85149}\
.read .box{fill:#121d2f;stroke:#1f6feb}.read .mark,.mark.read{fill:#4493f8}}";

/// One box: a resource, or all that one declaration makes.
struct Tile<'a> {
    group: &'a str,
    members: Vec<&'a Address>,
    source: Option<String>,
    changes: BTreeMap<Change, usize>,
}

/// The graph as a picture; with a plan, its changes are marked by symbol and colour.
#[must_use]
pub fn svg(graph: &Graph, plan: Option<&Plan>) -> String {
    let changes = plan.map(marks).unwrap_or_default();
    let mut tiles = tiles(graph, &changes);
    tiles.extend(gone(graph, plan));
    let groups = groups(&tiles);
    let of: HashMap<&Address, usize> =
        tiles.iter().enumerate().flat_map(|(at, tile)| tile.members.iter().map(move |&member| (member, at))).collect();
    let mut sketch =
        Sketch { groups: tiles.iter().map(|tile| place_of(&groups, tile.group)).collect(), edges: BTreeSet::new() };
    for (node, needs) in edges(graph) {
        if let (Some(&to), Some(&from)) = (of.get(node), of.get(needs))
            && from != to
        {
            sketch.edges.insert((from, to));
        }
    }
    let layout = lay_out(&sketch);
    let mut picture = Picture { out: String::new(), layout: &layout };
    picture.begin(graph, &groups, &changes);
    for route in &layout.edges {
        picture.edge(route);
    }
    for (at, tile) in tiles.iter().enumerate() {
        picture.tile(at, tile, place_of(&groups, tile.group));
    }
    picture.out.push_str("</svg>\n");
    picture.out
}

/// The boxes, in the order of the program; where several resources differ in their key alone, they share one.
fn tiles<'a>(graph: &'a Graph, changes: &HashMap<&Address, Change>) -> Vec<Tile<'a>> {
    let mut tiles: Vec<Tile<'a>> = Vec::new();
    let mut known: HashMap<(&str, &str), usize> = HashMap::new();
    for node in &graph.nodes {
        let key = (node.address.kind(), node.address.name());
        let at = *known.entry(key).or_insert_with(|| {
            tiles.push(Tile {
                group: node.group(),
                members: Vec::new(),
                source: Some(node.source.to_string()),
                changes: BTreeMap::new(),
            });
            tiles.len() - 1
        });
        tiles[at].members.push(&node.address);
        if let Some(change) = changes.get(&node.address) {
            *tiles[at].changes.entry(*change).or_default() += 1;
        }
    }
    tiles
}

/// What a plan deletes and no file declares any more.
fn gone<'a>(graph: &Graph, plan: Option<&'a Plan>) -> Vec<Tile<'a>> {
    let declared: BTreeSet<&Address> = graph.nodes.iter().map(|node| &node.address).collect();
    let actions = plan.into_iter().flat_map(|plan| &plan.actions);
    actions
        .filter(|action| action.change == Change::Delete && !declared.contains(&action.address))
        .map(|action| Tile {
            group: &action.group,
            members: vec![&action.address],
            source: None,
            changes: BTreeMap::from([(Change::Delete, 1)]),
        })
        .collect()
}

fn groups<'a>(tiles: &[Tile<'a>]) -> Vec<&'a str> {
    let mut groups: Vec<&str> = Vec::new();
    for tile in tiles {
        if !groups.contains(&tile.group) {
            groups.push(tile.group);
        }
    }
    groups
}

fn place_of(groups: &[&str], group: &str) -> usize {
    groups.iter().position(|known| *known == group).unwrap_or_default()
}

struct Picture<'a> {
    out: String,
    layout: &'a Layout,
}

impl Picture<'_> {
    fn begin(&mut self, graph: &Graph, groups: &[&str], changes: &HashMap<&Address, Change>) {
        let columns = self.layout.columns.max(1) as f64;
        let mut counts: BTreeMap<Change, usize> = BTreeMap::new();
        for change in changes.values() {
            *counts.entry(*change).or_default() += 1;
        }
        let counts: Vec<(Change, String)> = counts
            .into_iter()
            .map(|(change, number)| (change, format!("{} to {}", count(number), to_do(change))))
            .collect();
        let words = groups.iter().copied().chain(counts.iter().map(|(_, words)| words.as_str()));
        let legend: f64 = LEFT * 2.0 + words.map(legend_width).sum::<f64>();
        let width = (LEFT * 2.0 + columns * COLUMN - (COLUMN - BOX_WIDTH)).max(legend);
        let height = TOP + self.layout.height.max(1.0) * ROW + 24.0;
        let resources = graph.nodes.len();
        let title =
            format!("{} · {} · {resources} resources and lookups", harmless(&graph.stack), harmless(&graph.region));
        let _ = write!(
            self.out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif\" role=\"img\" aria-label=\"{label}\">\n\
             <style>{STYLE}</style>\n\
             <defs><marker id=\"tip\" viewBox=\"0 0 6 6\" refX=\"5.5\" refY=\"3\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L6 3L0 6z\"/></marker></defs>\n\
             <rect class=\"ground\" width=\"{width:.0}\" height=\"{height:.0}\"/>\n\
             <text class=\"title\" x=\"{LEFT}\" y=\"32\">{label}</text>\n",
            label = escape(&title),
        );
        let mut x = LEFT;
        for (at, group) in groups.iter().enumerate() {
            let _ = writeln!(
                self.out,
                "<rect class=\"g{}\" x=\"{x:.0}\" y=\"46\" width=\"10\" height=\"10\" rx=\"2\"/><text class=\"legend\" x=\"{:.0}\" y=\"55\">{}</text>",
                at % 8,
                x + 15.0,
                escape(&harmless(group))
            );
            x += legend_width(group);
        }
        for (change, words) in counts {
            let _ = writeln!(
                self.out,
                "<text class=\"mark {}\" x=\"{x:.0}\" y=\"55\">{}</text><text class=\"legend\" x=\"{:.0}\" y=\"55\">{words}</text>",
                class(change),
                mark_of(change),
                x + 14.0
            );
            x += legend_width(&words);
        }
    }

    fn edge(&mut self, route: &Route) {
        let ((from_column, from), (to_column, to)) = (self.layout.nodes[route.from], self.layout.nodes[route.to]);
        let y = |height: f64| TOP + height * ROW;
        let (mut x0, mut y0) = (LEFT + from_column as f64 * COLUMN + BOX_WIDTH, y(from) + BOX_HEIGHT / 2.0);
        let mut path = format!("M{x0:.1} {y0:.1}");
        let mut curve = |x1: f64, y1: f64| {
            let bend = (x0 + x1) / 2.0;
            let _ = write!(path, "C{bend:.1} {y0:.1} {bend:.1} {y1:.1} {x1:.1} {y1:.1}");
            (x0, y0) = (x1, y1);
        };
        // Past a column the edge runs straight, between its boxes.
        let mut passes = Vec::new();
        for (step, via) in route.via.iter().enumerate() {
            let x = LEFT + (from_column + 1 + step) as f64 * COLUMN;
            passes.push((x - 4.0, x + BOX_WIDTH + 4.0, y(*via)));
        }
        for (begin, end, height) in passes {
            curve(begin, height);
            curve(end, height);
        }
        curve(LEFT + to_column as f64 * COLUMN - 1.0, y(to) + BOX_HEIGHT / 2.0);
        let _ = writeln!(self.out, "<path class=\"edge\" marker-end=\"url(#tip)\" d=\"{path}\"/>");
    }

    fn tile(&mut self, at: usize, tile: &Tile<'_>, group: usize) {
        let (column, height) = self.layout.nodes[at];
        let (x, y) = (LEFT + column as f64 * COLUMN, TOP + height * ROW);
        let first = tile.members[0];
        let many = tile.members.len();
        let (name, beside) = match (many, first.key()) {
            (1, None) => (first.name().to_owned(), String::new()),
            (1, Some(key)) => (format!("{}[\"{key}\"]", first.name()), String::new()),
            _ => (first.name().to_owned(), format!("×{many}")),
        };
        let mark = mark(&tile.changes);
        let used = 16.0 + beside.chars().count() as f64 * 7.0 + mark.chars().count() as f64 * 8.5 + 10.0;
        let name = fit(&name, (BOX_WIDTH - used) / NAME_CHARACTER);
        let kind = fit(first.kind(), (BOX_WIDTH - 20.0) / KIND_CHARACTER);
        let class = tile.changes.keys().max_by_key(|change| severity(**change)).map_or("", |change| class(*change));
        let mut title: Vec<String> = tile.members.iter().map(|member| member.local()).collect();
        title.push(tile.source.clone().unwrap_or_else(|| "no longer declared".to_owned()));
        title.extend(tile.changes.iter().map(|(change, number)| format!("{} to {}", count(*number), to_do(*change))));
        let _ = write!(
            self.out,
            "<g class=\"node {class}\"><title>{}</title><rect class=\"box\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"5\"/>\
             <rect class=\"g{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"5\" height=\"{BOX_HEIGHT}\" rx=\"2.5\"/>\
             <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}",
            escape(&harmless(&title.join(" | "))),
            group % 8,
            x + 13.0,
            y + 15.0,
            escape(&harmless(&name)),
        );
        if !beside.is_empty() {
            let _ = write!(self.out, "<tspan class=\"count\" dx=\"5\">{beside}</tspan>");
        }
        let _ = write!(
            self.out,
            "</text><text class=\"kind\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 13.0,
            y + 28.0,
            escape(&harmless(&kind))
        );
        if !mark.is_empty() {
            let _ = write!(
                self.out,
                "<text class=\"mark\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{mark}</text>",
                x + BOX_WIDTH - 8.0,
                y + 16.0
            );
        }
        self.out.push_str("</g>\n");
    }
}

/// The symbols of a box's changes, with numbers where they are several.
fn mark(changes: &BTreeMap<Change, usize>) -> String {
    match changes.len() {
        0 => String::new(),
        1 => changes.keys().map(|change| mark_of(*change)).collect(),
        _ => {
            changes.iter().map(|(change, number)| format!("{}{number}", mark_of(*change))).collect::<Vec<_>>().join(" ")
        }
    }
}

fn severity(change: Change) -> u8 {
    match change {
        Change::Delete => 5,
        Change::Replace | Change::DeleteReplaced => 4,
        Change::Update => 3,
        Change::Create => 2,
        Change::Read => 1,
        Change::Forget => 0,
    }
}

fn class(change: Change) -> &'static str {
    match change {
        Change::Read => "read",
        Change::Create => "create",
        Change::Update => "update",
        Change::Replace | Change::DeleteReplaced => "replace",
        Change::Delete | Change::Forget => "delete",
    }
}

fn legend_width(words: &str) -> f64 {
    15.0 + words.chars().count() as f64 * 6.8 + 18.0
}

fn fit(text: &str, characters: f64) -> String {
    // Negative and fractional room is no room: the cast saturates.
    let most = characters.max(4.0) as usize;
    crate::line::shorten(text, most, &Style { width: 80, colour: false, unicode: true })
}

/// A text for XML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
