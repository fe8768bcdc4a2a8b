//! Which filters of a query a database is asked to apply.
//!
//! A list of what is allowed, not of what is forbidden: whatever is not in it stays with the query engine.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};

use crate::engine::{Column, Comparison, Engine, Keeps};

/// Most values of an IN list; longer ones make statements that databases plan slowly or refuse.
const MOST_VALUES: usize = 500;

/// A condition in the database's SQL, and how what it keeps relates to what the expression keeps.
type Condition = (String, Keeps);

/// `filter` in the database's SQL; `None` when it stays with the query engine.
pub(crate) fn translate(filter: &Expr, columns: &[Column], engine: &dyn Engine) -> Option<Condition> {
    Translator { columns, engine }.condition(filter)
}

struct Translator<'a> {
    columns: &'a [Column],
    engine: &'a dyn Engine,
}

impl Translator<'_> {
    fn condition(&self, expression: &Expr) -> Option<Condition> {
        match expression {
            Expr::Alias(alias) => self.condition(&alias.expr),
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                both(self.condition(left), self.condition(right))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                Some(either(self.condition(left)?, self.condition(right)?))
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => self.comparison(left, *op, right),
            Expr::Between(between) => self.between(between),
            Expr::InList(list) => self.in_list(list),
            Expr::IsNull(inner) => self.null(inner, "IS NULL"),
            Expr::IsNotNull(inner) => self.null(inner, "IS NOT NULL"),
            Expr::Not(inner) => negated(self.condition(inner)?),
            // A boolean column by itself is what `column = true` is simplified to.
            Expr::Column(_) => self.compare(expression, Comparison::Equal, &ScalarValue::Boolean(Some(true))),
            _ => None,
        }
    }

    fn comparison(&self, left: &Expr, operator: Operator, right: &Expr) -> Option<Condition> {
        match (left, right) {
            (column, Expr::Literal(value, _)) => self.compare(column, comparison(operator)?, value),
            (Expr::Literal(value, _), column) => self.compare(column, comparison(operator.swap()?)?, value),
            _ => None,
        }
    }

    fn compare(&self, column: &Expr, comparison: Comparison, value: &ScalarValue) -> Option<Condition> {
        let column = self.column(column)?;
        if value.is_null() {
            return None;
        }
        self.engine.compare(column, comparison, value)
    }

    fn between(&self, between: &Between) -> Option<Condition> {
        let (Expr::Literal(low, _), Expr::Literal(high, _)) = (&*between.low, &*between.high) else { return None };
        let least = self.compare(&between.expr, Comparison::GreaterOrEqual, low)?;
        let most = self.compare(&between.expr, Comparison::LessOrEqual, high)?;
        let within = both(Some(least), Some(most))?;
        if between.negated { negated(within) } else { Some(within) }
    }

    fn in_list(&self, list: &InList) -> Option<Condition> {
        if list.list.is_empty() || list.list.len() > MOST_VALUES {
            return None;
        }
        let equal = |value: &Expr| match value {
            Expr::Literal(value, _) => self.compare(&list.expr, Comparison::Equal, value),
            _ => None,
        };
        let any = any(&list.list.iter().map(equal).collect::<Option<Vec<_>>>()?)?;
        if list.negated { negated(any) } else { Some(any) }
    }

    fn null(&self, column: &Expr, test: &str) -> Option<Condition> {
        let column = self.column(column)?;
        Some((format!("({} {test})", column.select), Keeps::Exactly))
    }

    fn column(&self, expression: &Expr) -> Option<&Column> {
        let Expr::Column(wanted) = expression else { return None };
        self.columns.iter().find(|column| column.name == wanted.name)
    }
}

fn comparison(operator: Operator) -> Option<Comparison> {
    Some(match operator {
        Operator::Eq => Comparison::Equal,
        Operator::NotEq => Comparison::NotEqual,
        Operator::Lt => Comparison::Less,
        Operator::LtEq => Comparison::LessOrEqual,
        Operator::Gt => Comparison::Greater,
        Operator::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// One side alone keeps all that both would keep.
fn both(left: Option<Condition>, right: Option<Condition>) -> Option<Condition> {
    match (left, right) {
        (Some((left, one)), Some((right, other))) => Some((format!("({left} AND {right})"), weaker(one, other))),
        (Some((one, _)), None) | (None, Some((one, _))) => Some((one, Keeps::AtLeast)),
        (None, None) => None,
    }
}

fn either((left, one): Condition, (right, other): Condition) -> Condition {
    (format!("({left} OR {right})"), weaker(one, other))
}

/// Any of the `conditions`, halved again and again: some databases limit how deep an expression is nested.
fn any(conditions: &[Condition]) -> Option<Condition> {
    match conditions {
        [] => None,
        [one] => Some(one.clone()),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            Some(either(any(left)?, any(right)?))
        }
    }
}

/// What a condition that keeps too much leaves out would be too little.
fn negated((condition, keeps): Condition) -> Option<Condition> {
    (keeps == Keeps::Exactly).then(|| (format!("(NOT {condition})"), Keeps::Exactly))
}

fn weaker(one: Keeps, other: Keeps) -> Keeps {
    if one == Keeps::Exactly { other } else { one }
}
