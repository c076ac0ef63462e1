//! Where the modules stand: where the user put them in Make, unless two would
//! overlap or a place is missing; then in tidy columns and rows.

use super::tree::{Entry, Kind};

/// Radius of a module's disc.
pub const RADIUS: f64 = 42.0;
/// Distance of columns.
pub const COLUMN: f64 = 196.0;
/// Distance of rows.
pub const ROW: f64 = 168.0;
/// Two modules need this much room in at least one direction.
const ROOM: (f64, f64) = (150.0, 150.0);
/// Make's canvas is wider than ours.
const FROM_MAKE: (f64, f64) = (COLUMN / 300.0, ROW / 270.0);

/// The centre of each module, in the order of the tree.
pub fn place(entries: &[Entry<'_>]) -> Vec<(f64, f64)> {
    let own: Option<Vec<(f64, f64)>> = entries.iter().map(|entry| own_place(entry)).collect();
    match own {
        Some(places) if !overlaps(&places) => places,
        _ => tidy(entries),
    }
}

fn own_place(entry: &Entry<'_>) -> Option<(f64, f64)> {
    let (x, y) = entry.module.position()?;
    let is_sane = |number: f64| number.is_finite() && number.abs() < 1.0e6;
    (is_sane(x) && is_sane(y)).then_some((x * FROM_MAKE.0, y * FROM_MAKE.1))
}

/// Whether any two modules are too close. Sorted by x, so that only
/// neighbours are compared.
pub fn overlaps(places: &[(f64, f64)]) -> bool {
    let mut sorted = places.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted.iter().enumerate().any(|(at, a)| {
        let near = sorted[at + 1..].iter().take_while(|b| b.0 - a.0 < ROOM.0);
        near.into_iter().any(|b| (b.1 - a.1).abs() < ROOM.1)
    })
}

/// Columns by distance from the start; a row of its own for every end; a
/// module stands in the middle of what follows it, error routes hang below.
/// No recursion: children come after their parents in the tree.
fn tidy(entries: &[Entry<'_>]) -> Vec<(f64, f64)> {
    let mut depth = vec![0_u32; entries.len()];
    let mut follows = vec![false; entries.len()];
    for (index, entry) in entries.iter().enumerate() {
        if let Some(parent) = entry.parent {
            depth[index] = depth[parent] + 1;
            follows[parent] |= entry.kind == Kind::Flow;
        }
    }
    let mut rows: Vec<Option<(f64, f64)>> = vec![None; entries.len()];
    let mut next_row = 0.0;
    for index in 0..entries.len() {
        if !follows[index] {
            rows[index] = Some((next_row, next_row));
            next_row += 1.0;
        }
    }
    for index in (0..entries.len()).rev() {
        let Some((first, last)) = rows[index] else { continue };
        let middle = f64::midpoint(first, last);
        if let (Some(parent), Kind::Flow) = (entries[index].parent, entries[index].kind) {
            let (low, high) = rows[parent].unwrap_or((middle, middle));
            rows[parent] = Some((low.min(middle), high.max(middle)));
        }
    }
    let row = |index: usize| rows[index].map_or(0.0, |(first, last)| f64::midpoint(first, last));
    (0..entries.len()).map(|index| (f64::from(depth[index]) * COLUMN, row(index) * ROW)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;
    use rouage_model::Blueprint;

    fn blueprint(text: &str) -> Blueprint {
        Blueprint::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn routes_fan_out_and_error_routes_hang_below() {
        let file = blueprint(
            r#"{"flow":[{"id":1,"module":"a:A"},{"id":2,"module":"b:B","routes":[{"flow":[{"id":3,"onerror":[{"id":4}]}]},{"flow":[{"id":5},{"id":6}]}]}]}"#,
        );
        let places = place(&tree::build(&file));
        let rows: Vec<(f64, f64)> = places.iter().map(|(x, y)| (x / COLUMN, y / ROW)).collect();
        assert_eq!(rows, [(0.0, 1.0), (1.0, 1.0), (2.0, 0.0), (3.0, 1.0), (2.0, 2.0), (3.0, 2.0)]);
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
