//! Where the modules stand: where the user put them in Make, as far as no two
//! overlap; the few that would are put beside what they follow. When many have
//! no good place of their own, all stand in tidy columns and rows. The editor's
//! scripts do the same (`geometry.ts`, `align.ts`); `tests/vectors/layout.json`
//! keeps both alike.

use super::tree::{self, Entry, Kind};

/// Radius of a module's disc.
pub const RADIUS: f64 = 48.0;
/// Distance of columns.
pub const COLUMN: f64 = 230.0;
/// Distance of rows.
pub const ROW: f64 = 190.0;
/// Two modules need this much room in at least one direction.
const ROOM: (f64, f64) = (170.0, 150.0);
/// Coordinates of a file are whole numbers: so much may be lost by rounding.
const SLACK: f64 = 1.0;
/// Make's canvas is wider than ours.
const FROM_MAKE: (f64, f64) = (COLUMN / 300.0, ROW / 270.0);

type Place = (f64, f64);

/// The centre of each module, in the order of the tree.
pub fn place(entries: &[Entry<'_>]) -> Vec<Place> {
    let mut places: Vec<Option<Place>> = vec![None; entries.len()];
    let mut without = 0;
    for (index, entry) in entries.iter().enumerate() {
        places[index] = own_place(entry).filter(|own| is_free(*own, &places[..index]));
        without += usize::from(places[index].is_none());
    }
    if without * 4 > entries.len() {
        return tidy(entries);
    }
    for (index, entry) in entries.iter().enumerate() {
        if places[index].is_none() {
            places[index] = Some(beside(entry, &places));
        }
    }
    places.into_iter().map(Option::unwrap_or_default).collect()
}

fn own_place(entry: &Entry<'_>) -> Option<Place> {
    let (x, y) = entry.module.position()?;
    let is_sane = |number: f64| number.is_finite() && number.abs() < 1.0e6;
    (is_sane(x) && is_sane(y)).then(|| from_make((x, y)))
}

/// A place of a file on our canvas.
pub fn from_make((x, y): Place) -> Place {
    (x * FROM_MAKE.0, y * FROM_MAKE.1)
}

fn collide(a: Place, b: Place) -> bool {
    (a.0 - b.0).abs() < ROOM.0 - SLACK && (a.1 - b.1).abs() < ROOM.1 - SLACK
}

fn is_free(place: Place, others: &[Option<Place>]) -> bool {
    !others.iter().flatten().any(|other| collide(place, *other))
}

/// The nearest free row in the column after what it follows; loose modules go
/// below everything.
fn beside(entry: &Entry<'_>, places: &[Option<Place>]) -> Place {
    let known = || places.iter().flatten();
    let after = entry.parent.and_then(|parent| places[parent]);
    let (x, y) = match (after, entry.kind) {
        (Some(after), Kind::Flow) => (after.0 + COLUMN, after.1),
        (Some(after), _) => (after.0 + COLUMN, after.1 + ROW),
        (None, _) => {
            let left = known().map(|place| place.0).fold(f64::INFINITY, f64::min);
            let bottom = known().map(|place| place.1).fold(f64::NEG_INFINITY, f64::max);
            if left.is_finite() { (left, bottom + ROW) } else { (0.0, 0.0) }
        }
    };
    let mut rows = (0..=places.len()).flat_map(|row| [row as f64, -(row as f64)]);
    let free = rows.find(|row| is_free((x, y + row * ROW), places));
    (x, y + free.unwrap_or_default() * ROW)
}

/// Columns by distance from the start. Whatever follows a module stands
/// around its middle, in order, and a merge behind that; error routes and tools
/// hang below. Every subtree is as close to the one above it as its outline allows. No
/// recursion: children come after their parents in the tree.
fn tidy(entries: &[Entry<'_>]) -> Vec<Place> {
    let children = children(entries);
    let mut rows = vec![0.0; entries.len()];
    let mut shifts = vec![0.0; entries.len()];
    let mut behind = vec![0; entries.len()];
    let mut outlines: Vec<Outline> = vec![Outline::new(); entries.len()];
    for index in (0..entries.len()).rev() {
        let mut outline = Outline::new();
        let mut following: Option<(f64, f64)> = None;
        for child in &children[index] {
            let below = std::mem::take(&mut outlines[*child]);
            if tree::is_merge(&entries[*child]) {
                // Behind the longest branch, on the line of the if-else.
                let own = following.map_or(0.0, |(first, last)| f64::midpoint(first, last));
                shifts[*child] = own - rows[*child];
                behind[*child] = outline.len();
                outline.splice(
                    0..0,
                    below.into_iter().map(|(first, last)| (first + shifts[*child], last + shifts[*child])),
                );
                continue;
            }
            let mut shift = clearance(&outline, &below);
            if entries[*child].kind == Kind::Flow {
                let row = rows[*child] + shift;
                following = Some((following.map_or(row, |(first, _)| first), row));
            } else {
                let own = following.map_or(0.0, |(first, last)| f64::midpoint(first, last));
                shift = shift.max(own + 1.0 - rows[*child]);
            }
            shifts[*child] = shift;
            merge(&mut outline, below, shift);
        }
        rows[index] = following.map_or(0.0, |(first, last)| f64::midpoint(first, last));
        outline.push((rows[index], rows[index]));
        outlines[index] = outline;
    }
    let mut columns = vec![0.0; entries.len()];
    let mut next = 0.0;
    for (index, entry) in entries.iter().enumerate() {
        if let Some(parent) = entry.parent {
            columns[index] = columns[parent] + 1.0 + behind[index] as f64;
            shifts[index] += shifts[parent];
        } else {
            shifts[index] = next;
            next += outlines[index].iter().map(|(_, last)| *last).fold(0.0, f64::max) + 1.0;
        }
    }
    (0..entries.len()).map(|index| (columns[index] * COLUMN, (rows[index] + shifts[index]) * ROW)).collect()
}

/// First and last row in each column of a subtree, its own column last.
type Outline = Vec<(f64, f64)>;

/// What follows each module: the flow first, then what hangs below.
fn children(entries: &[Entry<'_>]) -> Vec<Vec<usize>> {
    let mut children = vec![Vec::new(); entries.len()];
    for flows in [true, false] {
        for (index, entry) in entries.iter().enumerate() {
            if let Some(parent) = entry.parent.filter(|_| (entry.kind == Kind::Flow) == flows) {
                children[parent].push(index);
            }
        }
    }
    children
}

/// How far down a subtree must move to be clear of what is above it.
fn clearance(above: &Outline, below: &Outline) -> f64 {
    let common = above.iter().rev().zip(below.iter().rev());
    common.map(|(above, below)| above.1 - below.0 + 1.0).fold(0.0, f64::max)
}

fn merge(outline: &mut Outline, below: Outline, shift: f64) {
    let moved: Outline = below.into_iter().map(|(first, last)| (first + shift, last + shift)).collect();
    if outline.is_empty() {
        *outline = moved;
        return;
    }
    let missing = moved.len().saturating_sub(outline.len());
    let same = outline.len().saturating_sub(moved.len());
    for (own, new) in outline[same..].iter_mut().zip(&moved[missing..]) {
        *own = (own.0.min(new.0), own.1.max(new.1));
    }
    outline.splice(0..0, moved[..missing].iter().copied());
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;
    use rouage_model::Blueprint;

    fn blueprint(text: &str) -> Blueprint {
        Blueprint::parse(text.as_bytes()).unwrap()
    }

    fn overlaps(places: &[Place]) -> bool {
        (0..places.len()).any(|index| places[index + 1..].iter().any(|other| collide(places[index], *other)))
    }

    fn rows(file: &str) -> Vec<Place> {
        place(&tree::build(&blueprint(file))).iter().map(|(x, y)| ((x / COLUMN).round(), (y / ROW).round())).collect()
    }

    #[test]
    fn routes_fan_out_and_error_routes_hang_below() {
        let places = rows(
            r#"{"flow":[{"id":1,"module":"a:A"},{"id":2,"module":"b:B","routes":[{"flow":[{"id":3,"onerror":[{"id":4}]}]},{"flow":[{"id":5},{"id":6}]}]}]}"#,
        );
        assert_eq!(places, [(0.0, 1.0), (1.0, 1.0), (2.0, 0.0), (3.0, 1.0), (2.0, 2.0), (3.0, 2.0)]);
        let chain = rows(r#"{"flow":[{"id":1,"onerror":[{"id":7}]},{"id":2,"onerror":[{"id":8}]},{"id":3}]}"#);
        assert_eq!(chain, [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (2.0, 1.0), (2.0, 0.0)]);
    }

    #[test]
    fn own_places_are_kept_unless_they_overlap() {
        let at = |x: i32| {
            format!(
                r#"{{"flow":[{{"id":1,"metadata":{{"designer":{{"x":0,"y":0}}}}}},{{"id":2,"metadata":{{"designer":{{"x":{x},"y":30}}}}}}]}}"#
            )
        };
        let (apart, close) = (blueprint(&at(-300)), blueprint(&at(20)));
        assert!(place(&tree::build(&apart))[1].0 < 0.0);
        assert_eq!(place(&tree::build(&close))[1], (COLUMN, 0.0));
    }

    #[test]
    fn one_without_a_place_among_many_goes_beside_what_it_follows() {
        let module = |id: i32, x: i32| format!(r#"{{"id":{id},"metadata":{{"designer":{{"x":{x},"y":0}}}}}}"#);
        let flow = [module(1, 0), module(2, 300), module(3, 600), r#"{"id":9}"#.to_owned(), module(4, 900)].join(",");
        let places = rows(&format!(r#"{{"flow":[{flow}]}}"#));
        assert_eq!(places, [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (3.0, 1.0), (3.0, 0.0)]);
    }

    #[test]
    fn a_long_chain_and_deep_routes_are_laid_out() {
        let chain: Vec<String> = (0..3_000).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
        let file = blueprint(&format!(r#"{{"flow":[{}]}}"#, chain.join(",")));
        assert!(!overlaps(&place(&tree::build(&file))));
    }

    #[test]
    fn no_real_blueprint_has_overlapping_modules() {
        let Ok(folder) = std::fs::read_dir("/work/shared/blueprints") else { return };
        for file in folder {
            let path = file.unwrap().path();
            let Ok(file) = Blueprint::parse(&std::fs::read(&path).unwrap()) else { continue };
            assert!(!overlaps(&place(&tree::build(&file))), "{}", path.display());
        }
    }
}
