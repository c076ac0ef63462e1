//! What each kind of element looks like in a text.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A kind of element: how it is stored, its label, and how it is found.
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// The pattern, given whether a protocol is required and which characters
    /// may be part of an element besides the usual ones, as part of a class.
    pub(super) pattern: fn(bool, &str) -> String,
    /// What the pattern alone cannot decide.
    pub(super) accept: fn(&str) -> bool,
}

pub(super) const ELEMENTS: &[Element] = &[
    Element { name: "##emails", label: "Email addresses", pattern: emails, accept: any },
    Element { name: "##html_tags", label: "HTML tags", pattern: |_, _| r"<\/?[A-Za-z][^>]*>".to_owned(), accept: any },
    Element { name: "##http_urls", label: "HTTP URLs", pattern: http_urls, accept: any },
    Element { name: "##ftp_urls", label: "FTP URLs", pattern: |_, more| url("ftps?:\\/\\/", more), accept: any },
    Element { name: "##telephone_numbers", label: "Telephone numbers", pattern: telephones, accept: is_telephone },
    Element { name: "##ipv4", label: "IPv4 addresses", pattern: |_, _| r"[\d.]+".to_owned(), accept: is_ipv4 },
    Element { name: "##ipv6", label: "IPv6 addresses", pattern: |_, _| r"[\dA-Fa-f:.]+".to_owned(), accept: is_ipv6 },
    Element { name: "##emoji", label: "Emoji", pattern: emoji, accept: is_emoji },
    Element { name: "##key_value_pairs", label: "Key-value pairs", pattern: pairs, accept: any },
];

fn any(_: &str) -> bool {
    true
}

fn emails(_: bool, more: &str) -> String {
    format!(r"[A-Za-z0-9._%+\-{more}]+@(?:[A-Za-z0-9\-{more}]+\.)+[A-Za-z]{{2,}}")
}

fn http_urls(protocol: bool, more: &str) -> String {
    let with_protocol = url(r"https?:\/\/", more);
    if protocol {
        return with_protocol;
    }
    format!(r"{with_protocol}|(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{{2,}}(?:[\/?#]{})?", url("", more))
}

/// The characters of RFC 3986; a sign at the end belongs to the sentence.
fn url(start: &str, more: &str) -> String {
    let signs = r"A-Za-z0-9\-_~\/#@$&*+=%";
    format!(r"{start}(?:[{signs}.:?!'(),;\[\]{more}]*[{signs}{more}])?")
}

fn telephones(_: bool, _: &str) -> String {
    r"\+?(?:\(\d+\)|\d)[\d\s()\/.\-]*\d".to_owned()
}

/// By the recommendation E.164 of at most 15 digits, without the shortest
/// numbers, which are mostly something else.
fn is_telephone(text: &str) -> bool {
    (7..=15).contains(&text.bytes().filter(u8::is_ascii_digit).count())
}

fn is_ipv4(text: &str) -> bool {
    text.trim_end_matches('.').parse::<Ipv4Addr>().is_ok()
}

fn is_ipv6(text: &str) -> bool {
    text.trim_end_matches('.').parse::<Ipv6Addr>().is_ok()
}

fn emoji(_: bool, _: &str) -> String {
    concat!(
        r"\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3|",
        r"\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}\u{E0020}-\u{E007F}]*",
        r"(?:\u200D\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]*)*",
    )
    .to_owned()
}

/// Copyright and trade mark signs are emoji only when asked to be.
fn is_emoji(text: &str) -> bool {
    !matches!(text, "©" | "®" | "™")
}

fn pairs(_: bool, _: &str) -> String {
    r"(?<key>[^\s:=,;&][^:=\n,;&]*?)[ \t]*[:=][ \t]*(?<value>[^\s,;&][^\n,;&]*)".to_owned()
}
