import pytest

from approvals.chains.addresses import parse_address
from approvals.chains.tables import SHIPPED, EntryError

USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
MINE = "0x1111111111111111111111111111111111111111"
ACME = {"eip155": 424242}
AUSD = {"chain": "ACME_ETH", "symbol": "AUSD", "contract": MINE, "decimals": 6}


@pytest.mark.parametrize(
    ("chain_id", "eip155"),
    [
        ("ETH", 1),
        ("BSC_BNB", 56),
        ("MATIC", 137),
        ("BASE_ETH", 8453),
        ("ARBITRUM_ETH", 42161),
        ("OPT_ETH", 10),
        ("AVAXC", 43114),
        ("MNT", 5000),
        ("SETH", 11155111),
        ("TBASE_SETH", 84532),
    ],
)
def test_the_chains_that_ship(chain_id, eip155):
    chain = SHIPPED.chain_by_eip155(eip155)
    assert chain is not None
    assert chain == SHIPPED.chain(chain_id)
    assert (chain.family, chain.native.decimals, chain.native.token_id) == ("evm", 18, chain_id)
    assert chain.fee_at_most > 0


def test_other_families_are_known_by_name():
    families = {name: chain.family for name, chain in SHIPPED.chains.items() if not chain.eip155}
    assert families["BTC"] == families["XTN"] == "bitcoin"
    assert families["TRON"] == "tron"
    assert families["SOL"] == families["SOLDEV_SOL"] == "solana"


def test_every_shipped_contract_is_written_with_its_checksum():
    for token in SHIPPED.tokens.values():
        contract = token.asset.contract
        if contract is not None:
            assert parse_address(contract.text) == contract
            assert contract.family != "evm" or contract.text != contract.text.lower()
            assert SHIPPED.token_by_contract(token.asset.chain, contract) == token


def test_tokens_are_found_by_id_contract_and_symbol():
    token = SHIPPED.token("ETH_USDT")
    contract = parse_address(USDT.lower())
    assert token is not None
    assert contract is not None
    assert SHIPPED.token_by_contract("ETH", contract) == token
    assert SHIPPED.token_by_contract("BSC_BNB", contract) is None
    assert token in SHIPPED.by_symbol("USDT")
    assert len(SHIPPED.by_symbol("USDT")) > 5
    assert {token.asset.chain for token in SHIPPED.by_symbol("ETH")} == {
        "ETH",
        "BASE_ETH",
        "ARBITRUM_ETH",
        "OPT_ETH",
    }
    assert SHIPPED.by_symbol("usdt") == ()
    assert SHIPPED.token("eth_usdt") is None


def test_usdc_on_bnb_smart_chain_has_eighteen_decimals():
    assert {token.asset.chain: token.asset.decimals for token in SHIPPED.by_symbol("USDC")} == {
        "ETH": 6,
        "BSC_BNB": 18,
        "MATIC": 6,
        "BASE_ETH": 6,
        "ARBITRUM_ETH": 6,
        "OPT_ETH": 6,
        "AVAXC": 6,
        "SOL": 6,
    }


def test_an_operator_adds_a_chain_and_a_token():
    grown = SHIPPED.extended({"ACME_ETH": ACME}, {"ACME_USD": AUSD})
    chain = grown.chain_by_eip155(424242)
    assert chain is not None
    assert (chain.chain_id, chain.native.decimals) == ("ACME_ETH", 18)
    assert chain.fee_at_most == 5 * 10**16
    token = grown.token("ACME_USD")
    assert token is not None
    assert token.asset.decimals == 6
    assert grown.token("ACME_ETH") is not None
    assert SHIPPED.chain("ACME_ETH") is None


def test_an_operator_may_change_the_fee_limit_of_a_shipped_chain():
    grown = SHIPPED.extended({"ETH": {"eip155": 1, "fee_at_most": "0.2 ETH"}}, {})
    chain = grown.chain("ETH")
    assert chain is not None
    assert (chain.fee_at_most, chain.name) == (2 * 10**17, "Ethereum")


def test_what_ships_may_be_said_again():
    usdt = {"chain": "ETH", "symbol": "USDT", "contract": USDT.lower(), "decimals": 6}
    assert SHIPPED.extended({}, {"ETH_USDT": usdt}).token("ETH_USDT") == SHIPPED.token("ETH_USDT")


@pytest.mark.parametrize(
    ("chains", "tokens", "table", "key"),
    [
        ({"ETH": {"eip155": 2}}, {}, "chains.ETH", None),
        ({"ETH": {"eip155": 1, "decimals": 6}}, {}, "chains.ETH", None),
        ({"ETH": {"eip155": 1, "symbol": "EUR"}}, {}, "chains.ETH", None),
        ({"BTC": {"eip155": 7}}, {}, "chains.BTC", None),
        ({"MY_ETH": {"eip155": 1}}, {}, "chains.MY_ETH", "eip155"),
        ({"A": {"eip155": 7}, "B": {"eip155": 7}}, {}, "chains.B", "eip155"),
        ({"ETH_USDT": {"eip155": 7}}, {}, "chains.ETH_USDT", None),
        ({"A": {}}, {}, "chains.A", "eip155"),
        ({"A": {"eip155": True}}, {}, "chains.A", "eip155"),
        ({"A": {"eip155": "7"}}, {}, "chains.A", "eip155"),
        ({"A": {"eip155": 0}}, {}, "chains.A", "eip155"),
        ({"A": {"eip155": 7, "colour": "red"}}, {}, "chains.A", "colour"),
        ({"A": {"eip155": 7, "decimals": -1}}, {}, "chains.A", "decimals"),
        ({"A": {"eip155": 7, "decimals": 18.0}}, {}, "chains.A", "decimals"),
        ({"A": {"eip155": 7, "name": ""}}, {}, "chains.A", "name"),
        ({"A": {"eip155": 7, "fee_at_most": 1}}, {}, "chains.A", "fee_at_most"),
        ({"A": {"eip155": 7, "fee_at_most": "1 ETH"}}, {}, "chains.A", "fee_at_most"),
        ({"A B": {"eip155": 7}}, {}, "chains.A B", None),
        ({}, {"ETH_USDT": {**AUSD, "chain": "ETH"}}, "tokens.ETH_USDT", None),
        ({}, {"MINE": {**AUSD, "chain": "ETH", "contract": USDT}}, "tokens.MINE", "contract"),
        ({}, {"ETH": {**AUSD, "chain": "ETH"}}, "tokens.ETH", None),
        ({}, {"ACME_USD": AUSD}, "tokens.ACME_USD", "chain"),
        ({}, {"T": {**AUSD, "chain": "TRON"}}, "tokens.T", "contract"),
        ({}, {"T": {**AUSD, "chain": "ETH", "contract": MINE[:-1]}}, "tokens.T", "contract"),
        ({}, {"T": {**AUSD, "chain": "ETH", "decimals": True}}, "tokens.T", "decimals"),
        ({}, {"T": {**AUSD, "chain": "ETH", "decimals": 78}}, "tokens.T", "decimals"),
        ({}, {"T": {"chain": "ETH", "symbol": "T", "contract": MINE}}, "tokens.T", None),
        ({}, {"T": {**AUSD, "chain": "ETH", "name": "T"}}, "tokens.T", "name"),
    ],
)
def test_a_contradiction_is_one_sentence_that_says_where(chains, tokens, table, key):
    with pytest.raises(EntryError) as error:
        SHIPPED.extended(chains, tokens)
    assert (error.value.table, error.value.key) == (table, key)
    assert str(error.value).endswith(".")


def test_a_token_may_wrap_its_chains_own_coin():
    assert [name for name, token in SHIPPED.tokens.items() if token.wraps] == ["ETH_WETH"]
    acme = {"ACME_ETH": ACME}
    wrapped = {**AUSD, "decimals": 18, "wraps": True}
    assert SHIPPED.extended(acme, {"ACME_WETH": wrapped}).tokens["ACME_WETH"].wraps
    assert not SHIPPED.extended(acme, {"ACME_USD": AUSD}).tokens["ACME_USD"].wraps


@pytest.mark.parametrize("entry", [{"wraps": 1, "decimals": 18}, {"wraps": True, "decimals": 6}])
def test_a_token_that_cannot_wrap_the_coin_is_refused(entry):
    with pytest.raises(EntryError, match="wraps is true only for"):
        SHIPPED.extended({"ACME_ETH": ACME}, {"ACME_WETH": {**AUSD, **entry}})


def test_a_shipped_token_stays_what_it_is():
    weth = SHIPPED.tokens["ETH_WETH"].asset
    assert weth.contract is not None
    entry = {"chain": "ETH", "symbol": "WETH", "contract": weth.contract.text, "decimals": 18}
    assert SHIPPED.extended({}, {"ETH_WETH": entry}).tokens["ETH_WETH"].wraps
    dai = SHIPPED.tokens["ETH_DAI"].asset
    assert dai.contract is not None
    entry = {"chain": "ETH", "symbol": "DAI", "contract": dai.contract.text, "decimals": 18}
    with pytest.raises(EntryError, match="does not wrap"):
        SHIPPED.extended({}, {"ETH_DAI": {**entry, "wraps": True}})
