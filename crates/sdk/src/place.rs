//! Where a value stands, for the sentences about it.

use std::fmt;

/// Where a value is; written out only when there is something to say about it.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Name(&'a Path<'a>, &'a str),
    /// Counts from 1, as in mappings.
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Name(Path::Root, name) => f.write_str(name),
            Path::Name(parent, name) => write!(f, "{parent}.{name}"),
            Path::Item(parent, number) => write!(f, "{parent}[{number}]"),
        }
    }
}
