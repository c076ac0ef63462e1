//! A person at a browser: forms, a cookie, and what stands on the pages.

use std::net::SocketAddr;

use super::http::{Answer, Url, exchange, request};
use super::program::Running;

/// Somebody who is signed in.
pub struct Browser {
    address: SocketAddr,
    cookie: String,
}

const EMAIL: &str = "owner@example.org";
/// The owner's password.
pub const PASSWORD: &str = "correct horse battery";

impl Browser {
    /// Makes the owner's account through the set-up link, as the first visitor
    /// does, or signs in where that was done before.
    pub async fn open(server: &Running) -> Self {
        let Some(link) = &server.set_up_link else { return Self::sign_in(server).await };
        let browser = Self { address: server.address, cookie: String::new() };
        let form = [("name", "Owner"), ("email", EMAIL), ("password", PASSWORD)];
        let answer = browser.post(&Url::parse(link).target, &form).await;
        browser.with_cookie_of(answer)
    }

    /// Signs in where there is an account already.
    pub async fn sign_in(server: &Running) -> Self {
        let browser = Self { address: server.address, cookie: String::new() };
        let answer = browser.post("/login", &[("email", EMAIL), ("password", PASSWORD)]).await;
        browser.with_cookie_of(answer)
    }

    fn with_cookie_of(mut self, answer: Answer) -> Self {
        let answer = answer.expect(303);
        let cookie = answer.header("set-cookie").expect("signing in sets a cookie");
        self.cookie = cookie.split(';').next().unwrap().to_owned();
        self
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        request("GET", &self.url(path), &[("Cookie", &self.cookie)], b"").await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.try_post(path, form).await.unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// Sends a form to a server that may end meanwhile.
    pub async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> std::io::Result<Answer> {
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let origin = format!("http://{}", self.address);
        let headers = [
            ("Cookie", self.cookie.as_str()),
            ("Origin", origin.as_str()),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        exchange("POST", &self.url(path), &headers, body.join("&").as_bytes()).await
    }

    /// Sends JSON, as the scripts of the editor do.
    pub async fn post_json(&self, path: &str, body: &str) -> Answer {
        let origin = format!("http://{}", self.address);
        let headers = [
            ("Cookie", self.cookie.as_str()),
            ("Origin", origin.as_str()),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/json"),
        ];
        request("POST", &self.url(path), &headers, body.as_bytes()).await
    }

    /// Sends a blueprint on the import page.
    pub async fn import(&self, content: &[u8]) -> Answer {
        let mut body = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.json\"\r\n\
            Content-Type: application/json\r\n\r\n"
            .to_vec();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let headers = [("Cookie", self.cookie.as_str()), ("Content-Type", "multipart/form-data; boundary=x")];
        request("POST", &self.url("/import"), &headers, &body).await
    }

    /// Makes a connection; its number.
    pub async fn connect(&self, kind: &str, fields: &[(&str, &str)]) -> i64 {
        let mut form = vec![("connection_name", "Mine")];
        form.extend_from_slice(fields);
        let answer = self.post(&format!("/connections/new/{kind}"), &form).await.expect(303);
        let place = answer.header("location").unwrap();
        place.trim_start_matches("/connections/").split('?').next().unwrap().parse().unwrap()
    }

    /// Makes a token for programs, as the spreadsheets page shows it once.
    pub async fn api_token(&self) -> String {
        let page = self.post("/spreadsheets/tokens", &[("name", "Test")]).await.expect(200).text();
        between(&page, "<code id=\"new-token\">", "<").expect("the new token is shown")
    }

    /// The subjects of all messages in the outbox.
    pub async fn subjects(&self) -> Vec<String> {
        let mut subjects = Vec::new();
        for number in 1.. {
            let page = self.get(&format!("/outbox?page={number}")).await.expect(200).text();
            let rows: Vec<&str> = page.split("<a class=\"run\" href=\"/outbox/").skip(1).collect();
            if rows.is_empty() {
                break;
            }
            subjects.extend(rows.into_iter().map(|row| between(row, "<strong>", "</strong>").unwrap()));
        }
        subjects
    }

    fn url(&self, path: &str) -> Url {
        Url { address: self.address, target: path.to_owned() }
    }
}

/// What stands between two texts.
pub fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inside, _)| inside.to_owned())
}

fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}
