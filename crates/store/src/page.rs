//! Pages of lists.

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Counts from 1; 0 is taken as 1.
    pub page: u32,
    /// Items a page: 1 to 500.
    pub size: u32,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { page: 1, size: 50 }
    }
}

impl PageRequest {
    pub(crate) fn limit(self) -> u64 {
        u64::from(self.size.clamp(1, 500))
    }

    pub(crate) fn offset(self) -> u64 {
        u64::from(self.page.max(1) - 1) * self.limit()
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: u64,
    /// Counts from 1.
    pub page: u32,
    /// Items a page.
    pub size: u32,
}

impl<T> Page<T> {
    pub(crate) fn new(request: PageRequest, total: u64, items: Vec<T>) -> Self {
        Self { items, total, page: request.page.max(1), size: request.size.clamp(1, 500) }
    }

    /// How many pages there are; at least 1.
    pub fn pages(&self) -> u64 {
        self.total.div_ceil(u64::from(self.size)).max(1)
    }

    /// The same page with other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            total: self.total,
            page: self.page,
            size: self.size,
        }
    }
}
