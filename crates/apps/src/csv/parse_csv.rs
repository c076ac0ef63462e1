//! `csv:ParseCSV`: one bundle for each row.

use async_trait::async_trait;
use rouage_model::{Collection, ErrorKind, ModuleError, Text, Value};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, Values};

use super::records::Records;

/// Larger texts are refused.
const LARGEST: usize = 32 * 1024 * 1024;
/// Rows that one text may give.
const MOST_ROWS: usize = 200_000;
/// Fields that all rows together may have: each takes more memory than its text.
const MOST_FIELDS: usize = 2_000_000;
/// Fields that one row may have.
const MOST_COLUMNS: usize = 2_000;

pub(super) struct ParseCsv {
    spec: Spec,
}

impl Default for ParseCsv {
    fn default() -> Self {
        let delimiters = vec![(",", "Comma"), ("\t", "Tab"), ("other", "Other")];
        let spec = Spec::new("csv:ParseCSV", 1, "Parse CSV", Kind::Search, Effect::Pure)
            .describe("Reads a table of CSV text. Each row gives one bundle with col1, col2 and so on.")
            .parameters(vec![
                Field::new("colCount", "Number of columns", FieldKind::Number)
                    .advanced()
                    .help("Every row gets this many items; without it, as many as it has."),
                Field::boolean("csvContainsHeaders", "CSV contains headers")
                    .required()
                    .help("Yes: the first row names the columns and gives no bundle."),
                Field::new("delimiterType", "Delimiter", FieldKind::Select(delimiters))
                    .required()
                    .default(",")
                    .help("What stands between two columns."),
                Field::text("delimiter", "Delimiter character").required()
                    .shown("delimiterType", &["other"])
                    .help("One character, such as a semicolon."),
                Field::boolean("relax", "Preserve quotes inside unquoted field")
                    .default("false")
                    .advanced()
                    .help("Yes: a quote in the middle of a text is part of it instead of an error."),
                Field::text("csvHeaders", "CSV headers (recommended)")
                    .help("The first row of your data, so that the columns have labels."),
            ])
            .mapper(vec![Field::text("csv", "CSV").multiline().required().help("The text to read, such as the data of a file.")])
            .output(vec![Field::text("col1", "Column 1"), Field::text("col2", "Column 2")])
            .synonyms(&["columns", "comma separated", "excel", "export", "read", "rows", "spreadsheet", "table"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for ParseCsv {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let text = call.input.text("csv").unwrap_or_default();
        if text.len() > LARGEST {
            return Err(ModuleError::data("the CSV is larger than 32 MiB; split it"));
        }
        let records = Records::of(text, delimiter(&call.parameters)?, call.parameters.is_true("relax"));
        let columns = columns(&call.parameters)?;
        let mut bundles = Vec::new();
        let mut names = Names::default();
        let mut fields = 0;
        let skipped = usize::from(call.parameters.is_true("csvContainsHeaders"));
        for record in records.skip(skipped) {
            if bundles.len() == MOST_ROWS {
                let text = format!("the CSV has more than {MOST_ROWS} rows; split it");
                return Err(ModuleError::new(ErrorKind::MaxResultsExceededError, text));
            }
            let record = record.map_err(|reason| ModuleError::data(format!("the CSV cannot be read: {reason}")))?;
            let width = columns.unwrap_or(record.len());
            fields += width;
            if record.len() > MOST_COLUMNS {
                return Err(ModuleError::data(format!("a row of the CSV has more than {MOST_COLUMNS} columns")));
            }
            if fields > MOST_FIELDS {
                let text = format!("the CSV has more than {MOST_FIELDS} fields; split it");
                return Err(ModuleError::new(ErrorKind::MaxResultsExceededError, text));
            }
            bundles.push(bundle(&record, names.of(width)));
        }
        Ok(Outcome::Bundles(bundles))
    }
}

fn delimiter(parameters: &Values) -> Result<char, ModuleError> {
    let invalid =
        || ModuleError::validation(vec!["The delimiter in parameter 'delimiter' must be one character.".into()]);
    match parameters.text_or("delimiterType", ",") {
        "other" => {
            let mut letters = parameters.text("delimiter").unwrap_or_default().chars();
            let delimiter = letters.next().filter(|letter| !matches!(letter, '"' | '\n' | '\r')).ok_or_else(invalid)?;
            if letters.next().is_some() { Err(invalid()) } else { Ok(delimiter) }
        }
        "\t" => Ok('\t'),
        _ => Ok(','),
    }
}

/// How many items every bundle has; `None`: as many as its row.
fn columns(parameters: &Values) -> Result<Option<usize>, ModuleError> {
    let Some(count) = parameters.integer("colCount").filter(|count| *count != 0) else {
        return Ok(None);
    };
    match usize::try_from(count) {
        Ok(count) if count <= MOST_COLUMNS => Ok(Some(count)),
        _ => Err(ModuleError::validation(vec![
            format!("Invalid number in parameter 'colCount': 1 to {MOST_COLUMNS}.").into(),
        ])),
    }
}

fn bundle(record: &[String], names: &[Text]) -> Value {
    let fields =
        names.iter().zip(0..).map(|(name, at)| (name.clone(), record.get::<usize>(at).map_or("", String::as_str)));
    Collection::from_iter(fields).into()
}

/// `col1`, `col2` and so on, shared by all bundles.
#[derive(Default)]
struct Names(Vec<Text>);

impl Names {
    fn of(&mut self, width: usize) -> &[Text] {
        for number in self.0.len()..width {
            self.0.push(format!("col{}", number + 1).into());
        }
        &self.0[..width]
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn parse(parameters: &str, text: &str) -> Result<String, ModuleError> {
        let mapper = Collection::from_iter([("csv", text)]).into();
        let bundles = Bench::default().bundles(&ParseCsv::default(), &value(parameters), &mapper).await?;
        Ok(json::to_string(&bundles.into()))
    }

    #[tokio::test]
    async fn a_real_module_reads_its_rows_without_the_headers() {
        let parameters = r#"{"colCount":null,"csvContainsHeaders":true,"delimiterType":"other","relax":false,"csvHeaders":"","delimiter":","}"#;
        let rows = parse(parameters, "data,produkt,ilosc\n2025-10-27,Buty,1\n\"a, b\",,\n").await.unwrap();
        assert_eq!(rows, r#"[{"col1":"2025-10-27","col2":"Buty","col3":"1"},{"col1":"a, b","col2":"","col3":""}]"#);
    }

    #[tokio::test]
    async fn the_number_of_columns_holds_for_every_row() {
        let parameters = r#"{"colCount":2,"csvContainsHeaders":false,"delimiterType":"\t"}"#;
        assert_eq!(
            parse(parameters, "a\nb\tc\td").await.unwrap(),
            r#"[{"col1":"a","col2":""},{"col1":"b","col2":"c"}]"#
        );
    }

    #[tokio::test]
    async fn bad_input_is_a_clear_error() {
        let quote = parse(r#"{"csvContainsHeaders":false}"#, "a\n5\"").await.unwrap_err();
        assert_eq!((quote.kind, quote.message.contains("line 2")), (ErrorKind::DataError, true));
        for parameters in [
            r#"{"csvContainsHeaders":false,"delimiterType":"other","delimiter":"::"}"#,
            r#"{"csvContainsHeaders":false,"delimiterType":"other","delimiter":"\""}"#,
            r#"{"csvContainsHeaders":false,"delimiterType":"other"}"#,
            r#"{"csvContainsHeaders":false,"colCount":-1}"#,
            r#"{"delimiterType":","}"#,
        ] {
            assert_eq!(
                parse(parameters, "a").await.unwrap_err().kind,
                ErrorKind::BundleValidationError,
                "{parameters}"
            );
        }
        let many = parse(r#"{"csvContainsHeaders":false}"#, &"a\n".repeat(MOST_ROWS + 1)).await.unwrap_err();
        assert_eq!(many.kind, ErrorKind::MaxResultsExceededError);
        let wide = (",".repeat(1_999) + "\n").repeat(1_001);
        let many = parse(r#"{"csvContainsHeaders":false}"#, &wide).await.unwrap_err();
        assert!(many.message.contains("2000000 fields"), "{many}");
    }
}
