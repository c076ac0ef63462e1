//! Names of fields that every bundle of some module has, made once.

use std::sync::LazyLock;

use rouage_model::Text;

type Name = LazyLock<Text>;

macro_rules! names {
    ($($constant:ident = $name:literal,)*) => {
        $(pub(crate) static $constant: Name = LazyLock::new(|| $name.into());)*
    };
}

names! {
    ARRAY = "array",
    GROUP_KEY = "__IMTKEY__",
    GROUP_LENGTH = "__IMTAGGLENGTH__",
    INDEX = "__IMTINDEX__",
    JSON = "json",
    LENGTH = "__IMTLENGTH__",
    NUMBER = "i",
    OUTPUT = "output",
    RESULT = "result",
    TEXT = "text",
    VALUE = "value",
}

/// The shared text of a name.
pub(crate) fn shared(name: &'static Name) -> Text {
    Text::clone(name)
}
