"""carduus: OPPRL tokens 1 to 3 on Spark, in local mode with two cores; a pair shares any of them.

Both files are tokenised under one key, as tokens stand at a recipient. Transcryption between parties is left
out: it changes no pair and costs two RSA operations a token. Without sex the tokens are of the other fields.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from carduus.keys import generate_pem_keys
from carduus.token import OpprlPii, OpprlToken, TokenSpec, tokenize
from pyspark.sql import SparkSession

from tests.benchmarks.linkage.peer_programs.contract import Found, Pair, Rows, main

PII = {
    "given_name": ("first_name", OpprlPii.first_name),
    "family_name": ("last_name", OpprlPii.last_name),
    "sex": ("gender", OpprlPii.gender),
    "date_of_birth": ("birth_date", OpprlPii.birth_date),
}


def link(a: Rows, b: Rows) -> Found:
    """The pairs that share a token; a score is how many they share."""
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    private, _ = generate_pem_keys()
    first, second = (_tokens(spark, records, private) for records in (a, b))
    shared: Counter[tuple[int, int]] = Counter()
    for column, token_rows in first.items():
        for token, left in token_rows.items():
            shared.update((one, other) for other in second[column].get(token, ()) for one in left)
    pairs: list[Pair] = [(one, other, float(count)) for (one, other), count in shared.items()]
    return Found(pairs, 1.0, "any of three tokens equal", lambda: list(pairs))


def _tokens(spark: SparkSession, records: Rows, private: bytes) -> dict[str, dict[str, list[int]]]:
    """Of each sort of token, the records of every token."""
    held = {name: pii for name, pii in PII.items() if name in records[0]}
    frame = spark.createDataFrame(
        [(at, *(row[name] or None for name in held)) for at, row in enumerate(records)],
        "at int, " + ", ".join(f"{column} string" for column, _ in held.values()),
    )
    columns = dict(held.values())
    sorts = [_spec(token.value, columns) for token in OpprlToken]
    found: dict[str, dict[str, list[int]]] = {sort.name: defaultdict(list) for sort in sorts}
    names = list(found)
    for row in tokenize(frame, columns, sorts, private).select("at", *names).collect():
        for name in names:
            if row[name]:
                found[name][row[name]].append(row["at"])
    return found


def _spec(token: TokenSpec, columns: dict[str, OpprlPii]) -> TokenSpec:
    """The token of the specification, without sex where no record has one."""
    return TokenSpec(token.name, [name for name in token.fields if name != "gender" or name in columns])


if __name__ == "__main__":
    main(link, ("carduus", "pyspark"), is_bounded=False)
