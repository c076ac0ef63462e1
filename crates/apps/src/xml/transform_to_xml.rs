//! `xml:TransformToXML`: mapped fields to text.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, StructureId, Value};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, StructureOf, Values, choices};

use super::writer;

/// What Make calls the root when nothing else is said; a single field stands
/// in its place.
const USUAL_ROOT: &str = "root";

pub(super) struct TransformToXml {
    spec: Spec,
}

impl Default for TransformToXml {
    fn default() -> Self {
        let spec = Spec::new("xml:TransformToXML", 1, "Create XML", Kind::Action, Effect::Pure)
            .describe("Writes fields as XML text.")
            .parameters(vec![
                super::structure_field(),
                Field::text("rootName", "Root element name")
                    .default(USUAL_ROOT)
                    .help("With the name root and a single field, that field is the root."),
                Field::text("sysID", "SYSTEM identifier").advanced().help("Of the DOCTYPE line; most services need none."),
                Field::text("pubID", "PUBLIC identifier").advanced().help("Of the DOCTYPE line; most services need none."),
                Field::boolean("stripXmlDeclaration", "Strip XML declaration")
                    .default("false")
                    .advanced()
                    .help("Yes: leaves out the first line, <?xml …?>."),
            ])
            .mapper(vec![
                Field::new("", "Fields", FieldKind::Collection(Vec::new()))
                    .dynamic()
                    .help("The fields of the data structure."),
            ])
            .output(vec![Field::text("xml", "XML string")])
            .synonyms(&["write", "encode", "serialize", "create", "soap"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for TransformToXml {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let xml = write(&call.input.to_value(), &call.parameters)
            .map_err(|reason| ModuleError::data(format!("the fields cannot be written as XML: {reason}")))?;
        Ok(Outcome::bundle(Collection::from_iter([("xml", xml)])))
    }

    async fn field_choices(&self, call: &Call<'_>, _: &str, _: &str) -> Result<FieldChoices, ModuleError> {
        let chosen = call.parameters.integer("type").map(|id| StructureOf::Id(StructureId(id)));
        let Some(chosen) = chosen else {
            return Err(ModuleError::data("choose the data structure first: it says which fields the XML has"));
        };
        let structure = call.host.structure(chosen).await?.unwrap_or_default();
        Ok(FieldChoices::of_fields(choices::of_structure(&structure)))
    }
}

fn write(value: &Value, parameters: &Values) -> Result<String, String> {
    let (name, content) = root(value, parameters.text_or("rootName", USUAL_ROOT));
    let mut out = String::new();
    if !parameters.is_true("stripXmlDeclaration") {
        out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    }
    out.push_str(&document_type(name, parameters)?);
    writer::element(&mut out, name, content, 0)?;
    out.truncate(out.trim_end().len());
    Ok(out)
}

fn root<'v>(value: &'v Value, name: &'v str) -> (&'v str, &'v Value) {
    let fields = value.as_collection().into_iter().flat_map(|fields| fields.iter());
    let mut fields = fields.filter(|(name, _)| !name.starts_with('_'));
    match (fields.next(), fields.next()) {
        (Some((only, content)), None)
            if name == USUAL_ROOT && value.as_collection().map(Collection::len) == Some(1) =>
        {
            match content.as_array() {
                None => (only, content),
                Some([one]) => (only, one),
                // Several roots are none.
                Some(_) => (name, value),
            }
        }
        _ => (name, value),
    }
}

fn document_type(root: &str, parameters: &Values) -> Result<String, String> {
    let quoted = |name: &str| -> Result<Option<String>, String> {
        let Some(id) = parameters.text(name) else { return Ok(None) };
        if id.contains(['"', '<', '>']) || id.chars().any(char::is_control) {
            return Err(format!("{name} has a character that an identifier cannot have"));
        }
        Ok(Some(format!("\"{id}\"")))
    };
    Ok(match (quoted("pubID")?, quoted("sysID")?) {
        (_, None) => String::new(),
        (None, Some(system)) => format!("<!DOCTYPE {root} SYSTEM {system}>\n"),
        (Some(public), Some(system)) => format!("<!DOCTYPE {root} PUBLIC {public} {system}>\n"),
    })
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn run(parameters: &str, mapper: &Value) -> Result<String, ModuleError> {
        let bundles = Bench::default().bundles(&TransformToXml::default(), &value(parameters), mapper).await?;
        Ok(bundles[0].field("xml").as_text().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_real_request_is_written() {
        let parameters = r#"{"type":13101,"pubID":"","sysID":"","rootName":"root","stripXmlDeclaration":true}"#;
        let mapper = value(
            r#"{"request":{"control":[{"senderid":["me"],"uniqueid":"false"}],"operation":[{"authentication":[{"sessionid":["a&b"]}]}]}}"#,
        );
        let expected = "<request>\n  <control>\n    <senderid>me</senderid>\n    <uniqueid>false</uniqueid>\n  \
                        </control>\n  <operation>\n    <authentication>\n      <sessionid>a&amp;b</sessionid>\n    \
                        </authentication>\n  </operation>\n</request>";
        assert_eq!(run(parameters, &mapper).await.unwrap(), expected);
    }

    #[tokio::test]
    async fn attributes_text_lists_and_nothing() {
        let mut mapper =
            value(r#"{"a":[1,true,null],"b":{"_attributes":{"x":"1 \"2\"","y":null},"_value":"t>"},"c":[]}"#);
        let mut fields = mapper.as_collection().unwrap().clone();
        fields.insert("d", Value::Ignore);
        mapper = fields.into();
        assert_eq!(
            run(r#"{"rootName":"list"}"#, &mapper).await.unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<list>\n  <a>1</a>\n  <a>true</a>\n  <a/>\n  \
             <b x=\"1 &quot;2&quot;\">t&gt;</b>\n</list>"
        );
    }

    #[tokio::test]
    async fn what_is_written_is_read_back() {
        let mapper = value(r#"{"r":{"_attributes":{"k":"\"<\n"},"a":["1","<&>"],"b":[{"c":["é"]}]}}"#);
        let xml = run("{}", &mapper).await.unwrap();
        let root = rouage_sdk::xml::parse(&xml, rouage_sdk::xml::Entities::Xml).unwrap();
        assert_eq!(root.to_value(|text| Value::text(text)), mapper, "{xml}");
    }

    #[tokio::test]
    async fn bytes_that_are_text_are_written_and_others_refused() {
        let field = |bytes: &'static [u8]| Collection::from_iter([("a", Value::buffer(bytes))]).into();
        let parameters = r#"{"stripXmlDeclaration":true}"#;
        assert_eq!(run(parameters, &field("é".as_bytes())).await.unwrap(), "<a>é</a>");
        assert!(run(parameters, &field(b"\xff")).await.unwrap_err().message.contains("not text"));
    }

    #[tokio::test]
    async fn a_document_type_is_written_when_identifiers_are_given() {
        let parameters = r#"{"rootName":"html","pubID":"-//W3C","sysID":"http://x","stripXmlDeclaration":true}"#;
        assert_eq!(
            run(parameters, &value("{}")).await.unwrap(),
            "<!DOCTYPE html PUBLIC \"-//W3C\" \"http://x\">\n<html/>"
        );
    }

    #[tokio::test]
    async fn nothing_mapped_can_break_out_of_its_element() {
        for mapper in
            [r#"{"a b":1,"c":1}"#, r#"{"a":{"_attributes":{"x><y":1}}}"#, r#"{"a":"\u0000"}"#, r#"{"a":[[1]]}"#]
        {
            let error = run(r#"{"rootName":"r"}"#, &value(mapper)).await.unwrap_err();
            assert_eq!(error.kind, rouage_model::ErrorKind::DataError, "{mapper}");
        }
        let deep = format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200));
        assert!(run("{}", &value(&deep)).await.unwrap().len() < 200_000);
        assert!(run(r#"{"sysID":"\"[<!ENTITY"}"#, &value("{}")).await.is_err());
    }
}
