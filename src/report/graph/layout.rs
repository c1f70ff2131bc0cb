//! Where the boxes of a picture stand: a column per depth of dependency, few
//! crossings, and edges that go around what they pass.
//!
//! Layers by longest path, ordered by the mean of their neighbours, placed as
//! near to them as the order allows. Everything is done in a fixed order, so the
//! same graph gives the same picture.

use std::collections::{BTreeMap, BTreeSet};

/// A graph to be laid out: nodes by position, edges from what is needed to what needs it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sketch {
    /// Which group each node belongs to; a group stands together within a column.
    pub groups: Vec<usize>,
    /// Edges, from what is needed to what needs it.
    pub edges: BTreeSet<(usize, usize)>,
}

/// Where everything stands, in units of one box's height with its gap.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layout {
    /// Column and height of each node.
    pub nodes: Vec<(usize, f64)>,
    /// Each edge that is drawn, with the heights at which it crosses the columns between its ends.
    pub edges: Vec<Route>,
    /// How many columns there are.
    pub columns: usize,
    /// How high the highest column is.
    pub height: f64,
}

/// The way of an edge.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Route {
    pub from: usize,
    pub to: usize,
    /// One height per column between the two, from left to right.
    pub via: Vec<f64>,
}

/// How much room an edge takes where it passes a column; a box takes 1.
const PASS: f64 = 0.28;
/// How much room there is between two groups of a column.
const GROUP_GAP: f64 = 0.35;
/// Past this many boxes nobody reads the picture by eye: it is drawn without what takes long.
const READABLE: usize = 1500;
/// How often columns are ordered anew, forth and back.
const SWEEPS: usize = 12;

/// A place in a column: a node, or an edge on its way.
#[derive(Clone, Debug)]
struct Place {
    column: usize,
    node: Option<usize>,
    group: usize,
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Sketch {
    /// The edges without those that go against the order of a ring, so that what follows can rely on an order.
    fn order(&self) -> (Vec<usize>, BTreeSet<(usize, usize)>) {
        let count = self.groups.len();
        let mut missing = vec![0_usize; count];
        for &(_, to) in &self.edges {
            missing[to] += 1;
        }
        let mut left: BTreeSet<usize> = (0..count).collect();
        let mut ready: BTreeSet<usize> = (0..count).filter(|&at| missing[at] == 0).collect();
        let mut order = Vec::with_capacity(count);
        while let Some(next) = ready.pop_first().or_else(|| left.first().copied()) {
            if !left.remove(&next) {
                continue;
            }
            order.push(next);
            for &(_, to) in self.edges.range((next, 0)..(next + 1, 0)) {
                missing[to] = missing[to].saturating_sub(1);
                if missing[to] == 0 {
                    ready.insert(to);
                }
            }
        }
        let mut rank = vec![0; count];
        for (place, &at) in order.iter().enumerate() {
            rank[at] = place;
        }
        let edges = self.edges.iter().copied().filter(|&(from, to)| rank[from] < rank[to]).collect();
        (order, edges)
    }
}

/// The edges that say something: one that a longer way says already is left out.
pub(crate) fn reduce(order: &[usize], edges: &BTreeSet<(usize, usize)>) -> BTreeSet<(usize, usize)> {
    let mut behind: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut reduced = BTreeSet::new();
    for &at in order.iter().rev() {
        let next: Vec<usize> = edges.range((at, 0)..(at + 1, 0)).map(|&(_, to)| to).collect();
        let mut all = BTreeSet::new();
        for &to in &next {
            let passes = next.iter().any(|&other| other != to && behind[&other].contains(&to));
            if !passes {
                reduced.insert((at, to));
            }
            all.insert(to);
            all.extend(&behind[&to]);
        }
        behind.insert(at, all);
    }
    reduced
}

/// Lays a graph out.
pub(crate) fn lay_out(sketch: &Sketch) -> Layout {
    let (order, edges) = sketch.order();
    let is_readable = sketch.groups.len() <= READABLE;
    let edges = if is_readable { reduce(&order, &edges) } else { edges };
    let columns = columns(&order, &edges);
    let (places, chains) = places(sketch, &columns, &edges);
    let count = columns.iter().max().map_or(0, |last| last + 1);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, place) in places.iter().enumerate() {
        rows[place.column].push(at);
    }
    for row in &mut rows {
        row.sort_by_key(|&at| (places[at].group, at));
    }
    let heights = arrange(&places, &mut rows, if is_readable { SWEEPS } else { 0 });
    let height = rows.iter().flatten().map(|&at| heights[at] + size(&places[at])).fold(0.0, f64::max);
    let nodes = (0..sketch.groups.len()).map(|at| (columns[at], heights[at])).collect();
    let edges = chains
        .into_iter()
        .map(|(from, to, via)| Route { from, to, via: via.into_iter().map(|at| heights[at] + PASS / 2.0).collect() })
        .collect();
    Layout { nodes, edges, columns: count, height }
}

/// The column of each node: behind what it needs, and what nothing precedes as near as it can be to what needs it.
fn columns(order: &[usize], edges: &BTreeSet<(usize, usize)>) -> Vec<usize> {
    let mut columns = vec![0; order.len()];
    for &at in order {
        for &(_, to) in edges.range((at, 0)..(at + 1, 0)) {
            columns[to] = columns[to].max(columns[at] + 1);
        }
    }
    let has_needs: BTreeSet<usize> = edges.iter().map(|&(_, to)| to).collect();
    for &at in order.iter().rev().filter(|at| !has_needs.contains(at)) {
        if let Some(first) = edges.range((at, 0)..(at + 1, 0)).map(|&(_, to)| columns[to]).min() {
            columns[at] = first - 1;
        }
    }
    columns
}

type Chains = Vec<(usize, usize, Vec<usize>)>;

/// A place for each node, in the same order, and behind them one for each column that an edge passes.
fn places(sketch: &Sketch, columns: &[usize], edges: &BTreeSet<(usize, usize)>) -> (Vec<Place>, Chains) {
    let place = |column: usize, node: Option<usize>, group: usize| Place {
        column,
        node,
        group,
        left: Vec::new(),
        right: Vec::new(),
    };
    let mut places: Vec<Place> =
        columns.iter().enumerate().map(|(at, &column)| place(column, Some(at), sketch.groups[at])).collect();
    let mut chains = Vec::new();
    for &(from, to) in edges {
        let (mut last, mut via) = (from, Vec::new());
        for column in columns[from] + 1..columns[to] {
            let at = places.len();
            places.push(place(column, None, sketch.groups[from]));
            places[last].right.push(at);
            places[at].left.push(last);
            via.push(at);
            last = at;
        }
        places[last].right.push(to);
        places[to].left.push(last);
        chains.push((from, to, via));
    }
    (places, chains)
}

/// Orders each column by where its neighbours stand, forth and back, and gives the heights of the best order seen.
fn arrange(places: &[Place], rows: &mut [Vec<usize>], sweeps: usize) -> Vec<f64> {
    let mut heights = vec![0.0; places.len()];
    for row in rows.iter() {
        stack(places, row, &mut heights);
    }
    if sweeps == 0 {
        return heights;
    }
    let mut best = (cost(places, rows, &heights), heights.clone(), rows.to_vec());
    for sweep in 0..sweeps {
        let forth = sweep % 2 == 0;
        for step in 0..rows.len() {
            let at = if forth { step } else { rows.len() - 1 - step };
            sort(places, &mut rows[at], &heights, forth);
            settle(places, &rows[at], &mut heights);
        }
        let now = cost(places, rows, &heights);
        if now < best.0 {
            best = (now, heights.clone(), rows.to_vec());
        }
    }
    rows.clone_from_slice(&best.2);
    let mut heights = best.1;
    for _ in 0..sweeps {
        for row in rows.iter() {
            settle(places, row, &mut heights);
        }
    }
    let top = rows.iter().flatten().map(|&at| heights[at]).fold(f64::MAX, f64::min);
    if top < f64::MAX {
        heights.iter_mut().for_each(|height| *height -= top);
    }
    heights
}

fn size(place: &Place) -> f64 {
    if place.node.is_some() { 1.0 } else { PASS }
}

fn middle(places: &[Place], heights: &[f64], at: usize) -> f64 {
    heights[at] + size(&places[at]) / 2.0
}

fn mean(places: &[Place], heights: &[f64], neighbours: &[usize]) -> Option<f64> {
    let sum: f64 = neighbours.iter().map(|&at| middle(places, heights, at)).sum();
    (!neighbours.is_empty()).then(|| sum / neighbours.len() as f64)
}

/// Sorts a column: groups by the mean of their members, members by the mean of their neighbours on one side.
fn sort(places: &[Place], row: &mut [usize], heights: &[f64], forth: bool) {
    let wish = |at: usize| {
        let (first, second) =
            if forth { (&places[at].left, &places[at].right) } else { (&places[at].right, &places[at].left) };
        let near = mean(places, heights, first).or_else(|| mean(places, heights, second));
        near.unwrap_or_else(|| middle(places, heights, at))
    };
    let mut groups: BTreeMap<usize, (f64, usize)> = BTreeMap::new();
    for &at in row.iter().filter(|&&at| places[at].node.is_some()) {
        let (sum, count) = groups.entry(places[at].group).or_default();
        *sum += wish(at);
        *count += 1;
    }
    let group = |at: usize| match places[at].node {
        Some(_) => groups.get(&places[at].group).map_or(0.0, |(sum, count)| sum / *count as f64),
        // An edge on its way belongs to no group: it goes where it is shortest.
        None => wish(at),
    };
    let mut keyed: Vec<(f64, usize, f64, usize)> = row
        .iter()
        .map(|&at| (group(at), if places[at].node.is_some() { places[at].group } else { usize::MAX }, wish(at), at))
        .collect();
    keyed.sort_by(|one, other| {
        one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)).then(one.2.total_cmp(&other.2)).then(one.3.cmp(&other.3))
    });
    for (place, key) in row.iter_mut().zip(keyed) {
        *place = key.3;
    }
}

/// The least distance between a place and the one below it.
fn distance(places: &[Place], above: usize, below: usize) -> f64 {
    let (one, other) = (&places[above], &places[below]);
    let gap = if one.node.is_some() && other.node.is_some() && one.group != other.group { GROUP_GAP } else { 0.0 };
    size(one) + gap
}

/// One below the other from the top.
fn stack(places: &[Place], row: &[usize], heights: &mut [f64]) {
    let mut height = 0.0;
    for (place, &at) in row.iter().enumerate() {
        if place > 0 {
            height += distance(places, row[place - 1], at);
        }
        heights[at] = height;
    }
}

/// Puts each place of a column as near to its neighbours as the order allows: least squares, by pooling neighbours that collide.
fn settle(places: &[Place], row: &[usize], heights: &mut [f64]) {
    let mut offsets = Vec::with_capacity(row.len());
    let mut offset = 0.0;
    for (place, &at) in row.iter().enumerate() {
        if place > 0 {
            offset += distance(places, row[place - 1], at);
        }
        offsets.push(offset);
    }
    // Blocks of places that touch: mean wish and how many they are.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (place, &at) in row.iter().enumerate() {
        let neighbours: Vec<usize> = places[at].left.iter().chain(&places[at].right).copied().collect();
        let wish = mean(places, heights, &neighbours).map_or(heights[at], |middle| middle - size(&places[at]) / 2.0);
        blocks.push((wish - offsets[place], 1));
        while let [.., (one, some), (other, more)] = blocks[..] {
            if one <= other {
                break;
            }
            let both = (one * some as f64 + other * more as f64) / (some + more) as f64;
            blocks.truncate(blocks.len() - 2);
            blocks.push((both, some + more));
        }
    }
    let mut place = 0;
    for (base, count) in blocks {
        for _ in 0..count {
            heights[row[place]] = base + offsets[place];
            place += 1;
        }
    }
}

/// What an order costs: crossings, then the length of all edges.
fn cost(places: &[Place], rows: &[Vec<usize>], heights: &[f64]) -> f64 {
    let mut crossings = 0_usize;
    let mut length = 0.0;
    for row in rows {
        let mut edges: Vec<(f64, f64)> = Vec::new();
        for &at in row {
            for &to in &places[at].right {
                edges.push((middle(places, heights, at), middle(places, heights, to)));
                length += (middle(places, heights, at) - middle(places, heights, to)).abs();
            }
        }
        for (place, one) in edges.iter().enumerate() {
            crossings += edges[place + 1..].iter().filter(|other| (one.0 - other.0) * (one.1 - other.1) < 0.0).count();
        }
    }
    crossings as f64 * 2.0 + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(count: usize, edges: &[(usize, usize)]) -> Sketch {
        Sketch { groups: vec![0; count], edges: edges.iter().copied().collect() }
    }

    #[test]
    fn an_edge_that_a_longer_way_says_already_is_left_out() {
        let layout = lay_out(&sketch(3, &[(0, 1), (1, 2), (0, 2)]));
        let drawn: Vec<(usize, usize)> = layout.edges.iter().map(|edge| (edge.from, edge.to)).collect();
        assert_eq!(drawn, [(0, 1), (1, 2)]);
        assert_eq!(layout.nodes.iter().map(|(column, _)| *column).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn an_edge_over_several_columns_has_a_height_in_each_between() {
        // 4 needs 3 (which needs 2, 1, 0) and 5, which needs 0 alone.
        let layout = lay_out(&sketch(6, &[(0, 1), (1, 2), (2, 3), (3, 4), (0, 5), (5, 4)]));
        let long = layout.edges.iter().find(|edge| edge.from == 5).unwrap();
        assert_eq!(long.via.len(), 2);
    }

    #[test]
    fn boxes_of_a_column_never_overlap() {
        let edges: Vec<(usize, usize)> =
            (1..40).map(|at| (at * 7 % at.max(1), at)).chain((1..13).map(|at| (at, at * 3))).collect();
        let edges: Vec<_> = edges.into_iter().filter(|(from, to)| from < to).collect();
        let mut sketch = sketch(40, &edges);
        sketch.groups = (0..40).map(|at| at % 3).collect();
        let layout = lay_out(&sketch);
        for (at, one) in layout.nodes.iter().enumerate() {
            for other in &layout.nodes[at + 1..] {
                assert!(one.0 != other.0 || (one.1 - other.1).abs() > 0.999, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_ring_is_drawn_all_the_same() {
        let layout = lay_out(&sketch(3, &[(0, 1), (1, 2), (2, 0)]));
        assert_eq!(layout.nodes.len(), 3);
    }
}
