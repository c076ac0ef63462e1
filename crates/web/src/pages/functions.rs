//! The reference of the mapping language: every function and keyword, from
//! the table that evaluates them.

use askama::Template;
use rouage_expr::{Category, FunctionInfo, Keyword};

use crate::Route;
use crate::render::{self, Layout, Page, Reply};
use crate::routes::Permission::SignedIn;
use crate::words::{filters, t};

/// The rows of this page.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/functions", SignedIn, show)]
}

#[derive(Template)]
#[template(path = "functions/show.html")]
struct Reference {
    layout: Layout,
    search: String,
    /// The tab that is open; empty shows all.
    category: String,
    tabs: Vec<(&'static str, &'static str)>,
    groups: Vec<Group>,
    keywords: Vec<&'static Keyword>,
    /// What to do when nothing was found.
    hint: String,
}

struct Group {
    heading: &'static str,
    functions: Vec<&'static FunctionInfo>,
}

/// `GET /functions`.
pub async fn show(page: Page) -> Reply {
    let search = page.query.text("q").trim().to_owned();
    let category = page.query.text("category").to_owned();
    let groups = groups(&search, &category);
    let keywords = keywords(&search, &category);
    let hint = rouage_expr::suggestion(&search).unwrap_or_default();
    let tabs = Category::all().map(|category| (category.name(), category.heading())).to_vec();
    let layout = page.layout(t!("Functions"), "settings").await;
    render::ok(&Reference { layout, search, category, tabs, groups, keywords, hint })
}

fn groups(search: &str, category: &str) -> Vec<Group> {
    let wanted = Category::all().into_iter().filter(|one| category.is_empty() || one.name() == category);
    let group = |one: Category| Group {
        heading: one.heading(),
        functions: rouage_expr::functions()
            .iter()
            .filter(|function| function.category == one && function.matches(search))
            .collect(),
    };
    wanted.map(group).filter(|group| !group.functions.is_empty()).collect()
}

/// Keywords belong to no category.
fn keywords(search: &str, category: &str) -> Vec<&'static Keyword> {
    let search = search.to_lowercase();
    let means = |keyword: &&Keyword| {
        category.is_empty()
            && search
                .split_whitespace()
                .all(|word| keyword.name.to_lowercase().contains(word) || keyword.help.to_lowercase().contains(word))
    };
    rouage_expr::keywords().iter().filter(means).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_and_category_narrow_the_list() {
        let count = |search: &str, category: &str| {
            groups(search, category).iter().map(|group| group.functions.len()).sum::<usize>()
        };
        assert_eq!(count("", ""), rouage_expr::functions().len());
        assert_eq!(count("formatDate", ""), 1);
        assert_eq!(count("formatDate", "text"), 0);
        assert_eq!(count("", "math"), 14);
        assert_eq!(keywords("random", "").len(), 1);
        assert!(keywords("", "date").is_empty());
    }
}
