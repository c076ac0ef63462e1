//! Evaluation of compiled expressions.

use std::borrow::Cow;

use rouage_model::{Number, Value};

use crate::ast::{Ambient, Name, Node, Operator, Path, Root, Step};
use crate::coerce::truthy;
use crate::context::{Context, Random};
use crate::error::EvalError;
use crate::functions::{Call, FunctionInfo, LazyCall, Run};
use crate::operators;
use crate::path::{NOTHING, field, item};

/// The value that a bare path names: most expressions are nothing else.
pub(crate) fn path(path: &Path, context: &Context<'_>) -> Result<Value, EvalError> {
    context.budget.spend(1)?;
    find(path, context).map(Cow::into_owned)
}

/// The value of an expression, borrowed where it exists already.
pub(crate) fn peek<'v>(node: &'v Node, context: &Context<'v>) -> Result<Cow<'v, Value>, EvalError> {
    match node {
        Node::Constant(value) => {
            context.budget.spend(1)?;
            Ok(Cow::Borrowed(value))
        }
        Node::Path(path) => {
            context.budget.spend(1)?;
            find(path, context)
        }
        other => evaluate(other, context).map(Cow::Owned),
    }
}

/// The value of an expression.
pub(crate) fn evaluate(node: &Node, context: &Context<'_>) -> Result<Value, EvalError> {
    context.budget.spend(1)?;
    match node {
        Node::Missing => Ok(Value::Null),
        Node::EmptyText => Ok(Value::text("")),
        Node::Constant(value) => Ok(value.clone()),
        Node::Ambient(ambient) => Ok(ask(*ambient, context)),
        Node::Path(path) => find(path, context).map(Cow::into_owned),
        Node::Access { base, steps } => {
            let base = evaluate(base, context)?;
            follow(Cow::Owned(base), steps, context).map(Cow::into_owned)
        }
        Node::Call { function, arguments } => call(function, arguments, context),
        Node::UnknownCall { name, .. } => Err(EvalError::unknown_function(name)),
        Node::Not(operand) => Ok(Value::Boolean(!truthy(&*peek(operand, context)?))),
        Node::Negate(operand) => {
            let operand = operators::operand(&*peek(operand, context)?);
            Ok(operators::arithmetic(Operator::Subtract, &Some(Number::Integer(0)), &operand, context))
        }
        Node::Chain { first, rest } => chain(first, rest, context),
    }
}

fn chain(first: &Node, rest: &[(Operator, Node)], context: &Context<'_>) -> Result<Value, EvalError> {
    let mut left = peek(first, context)?;
    for (operator, operand) in rest {
        left = match operator {
            Operator::And if !truthy(&left) => left,
            Operator::Or if truthy(&left) => left,
            Operator::And | Operator::Or => peek(operand, context)?,
            _ => Cow::Owned(operators::apply(*operator, &left, &*peek(operand, context)?, context)?),
        };
    }
    Ok(left.into_owned())
}

#[inline(never)]
fn ask(ambient: Ambient, context: &Context<'_>) -> Value {
    match ambient {
        Ambient::Now => Value::Date(context.now),
        Ambient::Timestamp => Value::from(context.now.as_millisecond().div_euclid(1000)),
        Ambient::Random => Value::from(context.random.fraction()),
        Ambient::Uuid => Value::from(uuid(context.random)),
        Ambient::ExecutionId => context.execution_id.map_or(Value::Undefined, |id| Value::from(id.to_string())),
    }
}

/// A version 4 UUID (RFC 9562) from replayable randomness.
fn uuid(random: &Random) -> String {
    let high = (random.next() & !0xF000) | 0x4000;
    let low = (random.next() & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    )
}

/// What a path names, borrowed from the bundle.
#[inline]
fn find<'a>(path: &Path, context: &Context<'a>) -> Result<Cow<'a, Value>, EvalError> {
    let root = match &path.root {
        Root::Module(module) => Cow::Borrowed(context.lookup.bundle(*module).unwrap_or(NOTHING)),
        Root::Variable { scope, name } => {
            context.lookup.variable(scope, name).map_or(Cow::Borrowed(NOTHING), Cow::Owned)
        }
        Root::Name(_) => Cow::Borrowed(NOTHING),
    };
    follow(root, &path.steps, context)
}

#[inline]
fn follow<'v>(root: Cow<'v, Value>, steps: &[Step], context: &Context<'_>) -> Result<Cow<'v, Value>, EvalError> {
    match root {
        Cow::Borrowed(value) => walk(value, steps, context).map(Cow::Borrowed),
        Cow::Owned(value) => walk(&value, steps, context).map(|found| Cow::Owned(found.clone())),
    }
}

/// The value at the end of some steps.
#[inline]
pub(crate) fn walk<'v>(root: &'v Value, steps: &[Step], context: &Context<'_>) -> Result<&'v Value, EvalError> {
    let mut value = root;
    for step in steps {
        value = match step {
            Step::Field(name) => by_name(value, name),
            Step::First => at_index(value, &Value::from(1)),
            Step::Index(index) => at_index(value, &*peek(index, context)?),
        };
    }
    Ok(value)
}

/// A field. Of an array it is the field of its first item (decision D8).
#[inline]
fn by_name<'v>(value: &'v Value, name: &Name) -> &'v Value {
    let value = match value {
        Value::Array(items) => items.first().unwrap_or(NOTHING),
        value => value,
    };
    value.as_collection().and_then(|collection| name.find(collection)).unwrap_or(NOTHING)
}

/// Brackets: a 1-based index into an array, or a computed name.
fn at_index<'v>(value: &'v Value, index: &Value) -> &'v Value {
    match value {
        Value::Array(items) => match operators::operand(index).and_then(|number| number.as_i64()) {
            Some(number) if !index.is_nothing() => item(items, number),
            _ => index.as_text().map_or(NOTHING, |name| field(value, name)),
        },
        Value::Collection(collection) => match index {
            Value::Text(name) => collection.get(name).unwrap_or(NOTHING),
            // What holds one item where an array could stand is its own first item.
            Value::Number(number) if number.as_i64() == Some(1) => value,
            _ => NOTHING,
        },
        _ => NOTHING,
    }
}

#[inline(never)]
fn call(function: &FunctionInfo, arguments: &[Node], context: &Context<'_>) -> Result<Value, EvalError> {
    run(function, arguments, context).map_err(|error| error.within(function.name))
}

fn run(function: &FunctionInfo, arguments: &[Node], context: &Context<'_>) -> Result<Value, EvalError> {
    match function.run {
        Run::Lazy(run) => run(&LazyCall { arguments, context }),
        Run::Eager(run) => with_values(arguments, context, |values| {
            context.budget.spend(values.iter().map(work).sum())?;
            let value = run(&Call { values, context })?;
            context.budget.produce(size(&value))?;
            Ok(value)
        }),
    }
}

/// The values of the arguments, without allocation for the usual few. Not
/// inlined, as the room for them would burden every evaluation.
#[inline(never)]
fn with_values(
    arguments: &[Node],
    context: &Context<'_>,
    run: impl FnOnce(&[Value]) -> Result<Value, EvalError>,
) -> Result<Value, EvalError> {
    let mut few: [Value; 4] = Default::default();
    let Some(places) = few.get_mut(..arguments.len()) else {
        let many = arguments.iter().map(|argument| evaluate(argument, context)).collect::<Result<Vec<_>, _>>()?;
        return run(&many);
    };
    for (place, argument) in places.iter_mut().zip(arguments) {
        *place = evaluate(argument, context)?;
    }
    run(places)
}

/// How long a function may look at a value.
fn work(value: &Value) -> usize {
    match value {
        Value::Text(text) => 1 + text.len() / 256,
        Value::Buffer(buffer) => 1 + buffer.held().len() / 256,
        Value::Array(items) => 1 + items.len(),
        Value::Collection(collection) => 1 + collection.len() / 8,
        _ => 1,
    }
}

/// What a new value occupies itself; what it shares has been counted.
fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Buffer(buffer) => buffer.held().len(),
        Value::Array(items) => items.len() * size_of::<Value>(),
        Value::Collection(collection) => collection.len() * (size_of::<Value>() + 32),
        _ => 0,
    }
}
