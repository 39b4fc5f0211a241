//! Computes the positions of nodes in the drawing of a network: ties attract, and all nodes repel
//! each other (Fruchterman and Reingold, 1991). It uses integers and fixed initial positions, so
//! the same network always gives the same drawing.

/// The size of the drawing, in thousandths of a unit.
const WIDTH: i64 = 360_000;
const HEIGHT: i64 = 300_000;
/// The room at each edge for the circles.
const MARGIN: i64 = 14_000;
/// The least distance between the centres of two circles.
const GAP: i64 = 23_000;
/// Nodes that are closer than this push each other away no harder.
const CLOSEST: i64 = 1000;
const STEPS: i64 = 150;
const GAP_STEPS: usize = 60;

/// A place in the drawing, or a way from one to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NodePlace {
    pub x: i64,
    pub y: i64,
}

impl NodePlace {
    fn plus(self, other: Self) -> Self {
        Self {
            x: self.x + other.x,
            y: self.y + other.y,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            x: self.x - other.x,
            y: self.y - other.y,
        }
    }

    /// This way, as long as `length` of `of` parts.
    fn scaled(self, length: i64, of: i64) -> Self {
        Self {
            x: self.x * length / of.max(1),
            y: self.y * length / of.max(1),
        }
    }

    fn squared(self) -> i64 {
        self.x * self.x + self.y * self.y
    }

    /// The length, at least 1.
    fn length(self) -> i64 {
        self.squared().isqrt().max(1)
    }

    fn within_frame(self) -> Self {
        Self {
            x: self.x.clamp(MARGIN, WIDTH - MARGIN),
            y: self.y.clamp(MARGIN, HEIGHT - MARGIN),
        }
    }
}

/// The place of each of `count` nodes. Ties name nodes by their number.
pub(super) fn places(count: usize, ties: &[(usize, usize)]) -> Vec<NodePlace> {
    let nodes = i64::try_from(count).unwrap_or(1).max(1);
    let mut places: Vec<NodePlace> = (0..nodes).take(count).map(|at| start(at, nodes)).collect();
    // The distance that two tied nodes settle at.
    let distance = (WIDTH * HEIGHT / nodes).isqrt();
    for step in 0..STEPS {
        let most = WIDTH / 8 * (STEPS - step) / STEPS;
        let forces = forces(&places, ties, distance);
        for (place, force) in places.iter_mut().zip(forces) {
            let length = force.length();
            let moved = place.plus(force.scaled(length.min(most), length));
            *place = moved.within_frame();
        }
    }
    fill_frame(&mut places);
    for _ in 0..GAP_STEPS {
        push_apart(&mut places);
    }
    places
}

/// Where a node begins: evenly spread, no two in one row or column.
fn start(at: i64, nodes: i64) -> NodePlace {
    NodePlace {
        x: WIDTH * (at * 618 % 1000) / 1000,
        y: HEIGHT * (2 * at + 1) / (2 * nodes),
    }
    .within_frame()
}

fn forces(places: &[NodePlace], ties: &[(usize, usize)], distance: i64) -> Vec<NodePlace> {
    let centre = NodePlace {
        x: WIDTH / 2,
        y: HEIGHT / 2,
    };
    let mut forces: Vec<NodePlace> = places
        .iter()
        .enumerate()
        .map(|(at, place)| {
            let inwards = centre.minus(*place).scaled(1, 8);
            inwards.plus(push(places, at, *place, distance))
        })
        .collect();
    for (one, other) in ties {
        let (Some(from), Some(to)) = (places.get(*one), places.get(*other)) else {
            continue;
        };
        let way = to.minus(*from);
        let pull = way.scaled(way.length(), distance);
        if let Some(force) = forces.get_mut(*one) {
            *force = force.plus(pull);
        }
        if let Some(force) = forces.get_mut(*other) {
            *force = force.minus(pull);
        }
    }
    forces
}

/// How all other nodes push a node away.
fn push(places: &[NodePlace], at: usize, place: NodePlace, distance: i64) -> NodePlace {
    let mut sum = NodePlace::default();
    for (other, from) in places.iter().enumerate() {
        if other != at {
            let way = apart(place.minus(*from), at > other);
            let squared = way.squared().max(CLOSEST * CLOSEST);
            sum = sum.plus(way.scaled(distance * distance, squared));
        }
    }
    sum
}

/// A vector that is never zero, so that two nodes at the same position separate.
fn apart(way: NodePlace, forwards: bool) -> NodePlace {
    if way.squared() > 0 {
        return way;
    }
    let x = if forwards { 1000 } else { -1000 };
    NodePlace { x, y: x / 2 }
}

/// Stretches the drawing until it reaches all edges.
fn fill_frame(places: &mut [NodePlace]) {
    let range = |of: fn(&NodePlace) -> i64| {
        let least = places.iter().map(of).min().unwrap_or_default();
        let most = places.iter().map(of).max().unwrap_or_default();
        (least, most - least)
    };
    let ((left, wide), (top, high)) = (range(|place| place.x), range(|place| place.y));
    let stretched = |value: i64, least: i64, range: i64, size: i64| match range {
        0 => size / 2,
        range => MARGIN + (value - least) * (size - 2 * MARGIN) / range,
    };
    for place in places {
        place.x = stretched(place.x, left, wide, WIDTH);
        place.y = stretched(place.y, top, high, HEIGHT);
    }
}

/// Moves circles that cover each other a little apart.
fn push_apart(places: &mut [NodePlace]) {
    let before = places.to_vec();
    for (at, place) in places.iter_mut().enumerate() {
        let own = *place;
        for (other, from) in before.iter().enumerate() {
            let way = apart(own.minus(*from), at > other);
            let lacking = GAP - way.length();
            if other != at && lacking > 0 {
                *place = place.plus(way.scaled(lacking / 2 + 200, way.length()));
            }
        }
        *place = place.within_frame();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(places: &[NodePlace], one: usize, other: usize) -> i64 {
        places[one].minus(places[other]).length()
    }

    #[test]
    fn those_that_are_tied_are_closer_and_the_drawing_is_always_the_same() {
        let ties = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)];
        let drawn = places(6, &ties);
        assert_eq!(drawn, places(6, &ties));
        let near: i64 = ties
            .iter()
            .map(|(one, other)| gap(&drawn, *one, *other))
            .sum();
        let apart: i64 = (0..3)
            .flat_map(|one| (3..6).map(move |other| (one, other)))
            .map(|(one, other)| gap(&drawn, one, other))
            .sum();
        assert!(near / 6 < apart / 9, "{drawn:?}");
    }

    #[test]
    fn sixty_nodes_stay_in_the_frame_and_apart() {
        let ties: Vec<_> = (1..60).map(|node| (node, node / 3)).collect();
        let drawn = places(60, &ties);
        for (at, place) in drawn.iter().enumerate() {
            assert_eq!(*place, place.within_frame());
            for other in at + 1..60 {
                assert!(gap(&drawn, at, other) > 16_000, "{at} and {other}");
            }
        }
    }

    #[test]
    fn one_node_and_none_are_drawn_too() {
        assert!(places(0, &[]).is_empty());
        let middle = NodePlace {
            x: WIDTH / 2,
            y: HEIGHT / 2,
        };
        assert_eq!(places(1, &[]), [middle]);
    }
}
