//! The comparison of filters, for modules that have a filter of their own
//! (Search Rows): operators mean there what they mean between modules.

pub use rouage_expr::{compare, is_operator};
