//! Names of folders: letters beyond ASCII are written in a UTF-7 of IMAP's own
//! (RFC 3501, 5.1.3).

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// As it goes to the server.
pub(super) fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut shifted = Vec::new();
    for letter in name.chars() {
        if matches!(letter, ' '..='~') {
            flush(&mut shifted, &mut out);
            out.push(letter);
            if letter == '&' {
                out.push('-');
            }
        } else {
            shifted.extend(letter.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut shifted, &mut out);
    out
}

fn flush(shifted: &mut Vec<u8>, out: &mut String) {
    if !shifted.is_empty() {
        out.push('&');
        out.push_str(&BASE64.encode(&*shifted));
        out.push('-');
        shifted.clear();
    }
}

/// As people read it; what is not encoded well stays as it is.
pub(super) fn decode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((encoded, after)) = after.split_once('-') else {
            out.push('&');
            rest = after;
            continue;
        };
        match encoded {
            "" => out.push('&'),
            _ => match shifted(encoded) {
                Some(letters) => out.push_str(&letters),
                None => {
                    out.push('&');
                    out.push_str(encoded);
                    out.push('-');
                }
            },
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn shifted(encoded: &str) -> Option<String> {
    let bytes = BASE64.decode(encoded).ok()?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for (name, encoded) in [
            ("INBOX", "INBOX"),
            ("[Gmail]/Gesendet & mehr", "[Gmail]/Gesendet &- mehr"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("😀", "&2D3eAA-"),
        ] {
            assert_eq!(encode(name), encoded);
            assert_eq!(decode(encoded), name);
        }
        for broken in ["a&b", "&!!-x", "&2D0-"] {
            assert_eq!(decode(broken), broken);
        }
    }
}
