//! `rss:TriggerNewArticle`: what is new in a feed since the last poll.

use async_trait::async_trait;
use rouage_model::{ModuleError, Value};
use rouage_sdk::{Call, Choice, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, StartOption};

use super::article::Article;
use super::fetch;
use super::seen::{Seen, oldest_first};

/// How many articles are offered to begin with.
const CHOICES: usize = 20;

pub(super) struct NewArticle {
    spec: Spec,
}

impl Default for NewArticle {
    fn default() -> Self {
        let mut parameters = super::address_fields();
        let most = Field::new("maxResults", "Maximum number of returned items", FieldKind::Number)
            .required()
            .default("10")
            .help("How many one run takes at most; the others come with the next.");
        parameters.insert(1, most);
        parameters.push(super::include_field());
        let spec = Spec::new("rss:TriggerNewArticle", 4, "Watch RSS feed items", Kind::PollingTrigger, Effect::Read)
            .describe("Starts the scenario with the new articles of a blog or news feed (RSS or Atom), oldest first.")
            .parameters(parameters)
            .output(super::output())
            .starts(&[StartOption::FromNow, StartOption::Since, StartOption::All, StartOption::First])
            .synonyms(&["articles", "atom", "blog", "every new article", "feed", "new post", "news", "podcast", "trigger", "when"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for NewArticle {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let most = match call.parameters.integer("maxResults") {
            Some(most) if most > 0 => usize::try_from(most).unwrap_or(usize::MAX),
            _ => {
                return Err(ModuleError::validation(vec![
                    "Invalid number in parameter 'maxResults': 1 or more.".into(),
                ]));
            }
        };
        let feed = call.parameters.text("url").unwrap_or_default();
        let articles = fetch::articles(call, &call.parameters).await?;
        let now = call.host.clock().now();
        let seen = Seen::read(&call.position, feed);
        let mut seen = seen.unwrap_or_else(|| Seen::begin(&call.start, feed, &articles, now));
        let new = seen.take(&articles, most, now);
        Ok(Outcome::Polled { bundles: new.into_iter().map(Article::to_value).collect(), position: seen.to_value() })
    }

    async fn choices(&self, call: &Call<'_>) -> Result<Vec<Choice>, ModuleError> {
        let articles = fetch::articles(call, &call.parameters).await?;
        let latest = oldest_first(&articles).into_iter().rev().take(CHOICES);
        Ok(latest
            .map(|article| Choice { value: Value::text(article.id.as_str()), label: label(article, call) })
            .collect())
    }
}

fn label(article: &Article, call: &Call<'_>) -> String {
    let title = if article.title.is_empty() { &article.id } else { &article.title };
    let title: String = title.chars().take(80).collect();
    match article.date() {
        Some(date) => format!("{title} ({})", call.timezone.to_datetime(date).strftime("%-d %B %Y %H:%M")),
        None => title,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rouage_sdk::Start;
    use rouage_sdk::testing::{Bench, RecordedTransport, value};

    use super::*;

    const PARAMETERS: &str =
        r#"{"url":"https://x.example/f","gzip":true,"include":[],"password":"","username":"","maxResults":"2"}"#;

    /// Makes the feed of these articles of January 2023 the next answer.
    fn publish(network: &Arc<RecordedTransport>, days: &[u8]) {
        let item =
            |day: &u8| format!("<item><title>{day}</title><pubDate>{day:02} Jan 2023 00:00:00 GMT</pubDate></item>");
        let items: String = days.iter().map(item).collect();
        network.answer(200, &[], format!("<rss><channel>{items}</channel></rss>"));
    }

    fn titles(bundles: &[Value]) -> String {
        bundles.iter().filter_map(|bundle| bundle.field("title").as_text()).collect::<Vec<_>>().join(" ")
    }

    #[tokio::test]
    async fn only_new_articles_come_and_a_rollback_brings_them_again() {
        let network = RecordedTransport::new();
        let mut bench = Bench::new(&network);
        let (module, parameters) = (NewArticle::default(), value(PARAMETERS));
        publish(&network, &[2, 1]);
        assert_eq!(titles(&bench.poll(&module, &parameters).await.unwrap()), "");
        let before = bench.position.clone();
        publish(&network, &[5, 4, 3, 2, 1]);
        assert_eq!(titles(&bench.poll(&module, &parameters).await.unwrap()), "3 4");
        bench.position = before;
        publish(&network, &[5, 4, 3, 2, 1]);
        assert_eq!(titles(&bench.poll(&module, &parameters).await.unwrap()), "3 4");
        publish(&network, &[5, 4, 3, 2, 1]);
        assert_eq!(titles(&bench.poll(&module, &parameters).await.unwrap()), "5");
        assert_eq!(module.describe_position(&bench.position, &bench.timezone), "Items after 5 January 2023 00:00");
    }

    #[tokio::test]
    async fn a_chosen_article_is_the_first() {
        let network = RecordedTransport::new();
        let mut bench = Bench::new(&network);
        let (module, parameters) = (NewArticle::default(), value(PARAMETERS));
        publish(&network, &[3, 2, 1]);
        let call = bench.call(&module, &parameters, &value("{}")).unwrap();
        let choices = module.choices(&call).await.unwrap();
        assert_eq!(choices[1].label, "2 (2 January 2023 00:00)");
        drop(call);
        bench.start = Start::First(choices[1].value.clone());
        publish(&network, &[3, 2, 1]);
        assert_eq!(titles(&bench.poll(&module, &parameters).await.unwrap()), "2 3");
    }

    #[tokio::test]
    async fn a_changed_address_begins_anew() {
        let network = RecordedTransport::new();
        let mut bench = Bench::new(&network);
        bench.start = Start::All;
        let module = NewArticle::default();
        for url in ["https://x.example/f", "https://y.example/f"] {
            publish(&network, &[1]);
            let parameters = value(&PARAMETERS.replace("https://x.example/f", url));
            assert_eq!(titles(&bench.poll(&module, &parameters).await.unwrap()), "1");
        }
    }
}
