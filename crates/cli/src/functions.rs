//! `rouage functions`: the functions and keywords of the mapping language,
//! from the same table as the reference page and the examples' tests.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use rouage_expr::{Argument, Category, FunctionInfo, Keyword, functions, keywords};
use rouage_model::{Collection, Value, tagged};

/// What to list, and how.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print one JSON document: `{"functions": […], "keywords": […]}`.
    #[arg(long)]
    json: bool,
    /// Only functions in whose name, arguments or help all these words stand.
    search: Vec<String>,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let search = arguments.search.join(" ");
    let found: Vec<_> = functions().iter().filter(|function| function.matches(&search)).collect();
    let mut output = std::io::stdout().lock();
    if arguments.json {
        writeln!(output, "{}", tagged::to_string(&document(&found)))?;
        return Ok(ExitCode::SUCCESS);
    }
    for category in Category::all() {
        let mut rows = found.iter().filter(|function| function.category == category).peekable();
        if rows.peek().is_some() {
            writeln!(output, "{}", category.heading())?;
        }
        for function in rows {
            writeln!(output, "  {}\n      {}", function.signature, function.help)?;
            for (expression, result) in function.examples {
                writeln!(output, "      {expression} = {result}")?;
            }
        }
    }
    if found.is_empty() {
        let hint = rouage_expr::suggestion(&search).map_or(String::new(), |hint| format!(": {hint}"));
        writeln!(output, "there is no function for {search:?}{hint}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn document(found: &[&'static FunctionInfo]) -> Value {
    let found: Vec<Value> = found.iter().map(|info| function(info)).collect();
    let words: Vec<Value> = keywords().iter().map(keyword).collect();
    [("functions", Value::from(found)), ("keywords", Value::from(words))].into_iter().collect::<Collection>().into()
}

fn function(info: &FunctionInfo) -> Value {
    let mut out = Collection::new();
    out.insert("name", info.name);
    out.insert("category", info.category.name());
    out.insert("signature", info.signature);
    out.insert("arguments", info.arguments().iter().map(argument).collect::<Vec<_>>());
    out.insert("help", info.help);
    out.insert("examples", info.examples.iter().map(example).collect::<Vec<_>>());
    out.insert("extension", info.extension);
    out.insert("volatile", info.volatile);
    out.into()
}

fn argument(argument: &Argument) -> Value {
    let fields = [
        ("name", Value::from(argument.name)),
        ("optional", Value::from(argument.optional)),
        ("repeats", Value::from(argument.repeats)),
    ];
    fields.into_iter().collect::<Collection>().into()
}

/// The result as a value; dates and buffers are tagged.
fn example((expression, result): &(&'static str, &'static str)) -> Value {
    let result = tagged::parse(result.as_bytes()).unwrap_or_else(|_| Value::from(*result));
    [("expression", Value::from(*expression)), ("result", result)].into_iter().collect::<Collection>().into()
}

fn keyword(keyword: &Keyword) -> Value {
    let fields = [
        ("name", Value::from(keyword.name)),
        ("help", Value::from(keyword.help)),
        ("volatile", Value::from(keyword.volatile)),
    ];
    fields.into_iter().collect::<Collection>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_everything_of_every_function() {
        let all: Vec<_> = functions().iter().collect();
        let document = document(&all);
        let listed = document.field("functions").as_array().unwrap();
        assert_eq!(listed.len(), functions().len());
        for function in listed {
            for field in ["name", "category", "signature", "help"] {
                assert!(function.field(field).as_text().is_some_and(|text| !text.is_empty()), "{field}");
            }
            assert!(function.field("arguments").as_array().is_some());
            let examples = function.field("examples").as_array().unwrap();
            assert!(examples.iter().all(|example| example.get("result").is_some()));
        }
        let names: Vec<_> = document.field("keywords").as_array().unwrap().iter().collect();
        assert!(names.iter().any(|keyword| keyword.field("name").as_text() == Some("emptystring")));
    }

    #[test]
    fn a_search_finds_by_all_its_words() {
        let found = |search: &str| functions().iter().filter(|function| function.matches(search)).count();
        assert_eq!(found("formatdate"), 1);
        assert!(found("array") > 10 && found("array random") == 1 && found("nothing like it") == 0);
    }
}
