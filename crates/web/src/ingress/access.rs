//! Who may call a webhook: address list and API keys. Fails closed.

use std::net::IpAddr;

use axum::http::{HeaderMap, StatusCode};
use ipnet::IpNet;
use rouage_store::hooks::HookSettings;

use super::Refusal;

/// The header that carries the key, as Make has it.
pub const KEY_HEADER: &str = "x-make-apikey";

/// Lets a request through or says why not.
pub fn check(settings: &HookSettings, sender: IpAddr, headers: &HeaderMap) -> Result<(), Refusal> {
    if !settings.ips.is_empty() && !settings.ips.iter().any(|entry| covers(entry, sender)) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "Forbidden"));
    }
    if settings.api_keys.is_empty() {
        return Ok(());
    }
    // Exactly one key is looked at; two headers are an attempt to confuse.
    let mut sent = headers.get_all(KEY_HEADER).iter();
    let key = match (sent.next(), sent.next()) {
        (Some(key), None) => key.to_str().unwrap_or_default(),
        _ => "",
    };
    // Every key is compared, so that time tells nothing (decision D43).
    let matches = settings.api_keys.iter().fold(false, |found, known| known.matches(key) | found);
    if matches && !key.is_empty() { Ok(()) } else { Err(Refusal::new(StatusCode::UNAUTHORIZED, "Unauthorized")) }
}

/// Whether an entry of the list (an address or a range) covers the sender. An
/// entry that is neither covers nobody.
pub fn covers(entry: &str, sender: IpAddr) -> bool {
    let entry = entry.trim();
    match entry.parse::<IpAddr>() {
        Ok(address) => address.to_canonical() == sender,
        Err(_) => entry.parse::<IpNet>().is_ok_and(|network| network.contains(&sender)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_store::hooks::ApiKey;

    fn status(settings: &HookSettings, sender: &str, keys: &[&str]) -> u16 {
        let mut headers = HeaderMap::new();
        for key in keys {
            headers.append(KEY_HEADER, key.parse().unwrap());
        }
        check(settings, sender.parse().unwrap(), &headers).map_or_else(|refusal| refusal.status.as_u16(), |()| 200)
    }

    #[test]
    fn addresses_and_ranges_are_checked() {
        let settings = HookSettings { ips: vec!["10.0.0.0/8".into(), " 1.2.3.4".into()], ..HookSettings::default() };
        assert_eq!(status(&settings, "10.9.9.9", &[]), 200);
        assert_eq!(status(&settings, "1.2.3.4", &[]), 200);
        assert_eq!(status(&settings, "1.2.3.5", &[]), 403);
        let broken = HookSettings { ips: vec!["everybody".into()], ..HookSettings::default() };
        assert_eq!(status(&broken, "1.2.3.4", &[]), 403);
    }

    #[test]
    fn any_key_opens_and_everything_else_is_401() {
        let keys = vec![ApiKey::new("a", "first"), ApiKey::new("b", "second")];
        let settings = HookSettings { api_keys: keys, ..HookSettings::default() };
        assert_eq!(status(&settings, "1.1.1.1", &["first"]), 200);
        assert_eq!(status(&settings, "1.1.1.1", &["second"]), 200);
        for keys in [&[][..], &[""], &["First"], &["firs"], &["first", "first"]] {
            assert_eq!(status(&settings, "1.1.1.1", keys), 401, "{keys:?}");
        }
    }
}
