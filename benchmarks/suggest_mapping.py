"""How right proposed mappings are: factory lists against the mapping that is kept, and tables with foreign headers.

    python -m benchmarks.suggest_mapping SAMPLES

``SAMPLES`` is the folder of sample data. The tables of a simulated market are looked at under headers that were
made up for this page in Chinese, most of them not among the names that are known, under shortened English ones,
and without any (``column_1``, ...). The factory lists are also looked at under other headers, far from files and
folders that speak of factories.
"""

import csv
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from suyuan.graph.tables import TABLES
from suyuan.ingest.conversion import convert_rows
from suyuan.ingest.feeds import find_feeds
from suyuan.ingest.mapping import read_mapping
from suyuan.ingest.sampling import take_samples
from suyuan.ingest.suggestion import Suggestion, suggest
from suyuan.ingest.suggestion_text import suggestion_toml
from suyuan.ingest.wording import header_matches
from suyuan.simulate.market import MarketOptions, simulate_market

KEPT = Path(__file__).resolve().parents[1] / "examples" / "facilities" / "facilities.toml"
SURE = 0.8
COMPARED = ("name", "address", "country", "latitude", "longitude")

FACILITY_HEADERS: Mapping[str, tuple[str, ...]] = {
    "as published": ("country", "name", "address", "sector", "lat", "lng"),
    "English": (
        "Country / Region",
        "Factory Name",
        "Factory Address",
        "Product Type",
        "Latitude",
        "Longitude",
    ),
    "other English": ("Nation", "Supplier", "Street and number", "Industry", "GPS Lat", "GPS Long"),
    "Chinese": ("所在国家", "生产厂家名称", "生产厂地址", "行业", "纬度坐标", "经度坐标"),
    "traditional": ("國家", "供應商名稱", "詳細地址", "行業類別", "緯度", "經度"),
    "none": ("column_1", "column_2", "column_3", "column_4", "column_5", "column_6"),
}

# Column by column as an office might call them, in the tables that offices mostly have.
FOREIGN: Mapping[str, Mapping[str, str]] = {
    "firms": {
        "firm_id": "统一信用代码号", "name": "商事主体名称", "legal_representative": "法人代表姓名",
        "address": "工商注册地址", "division_code": "行政区域代码", "country": "国家", "registered_at": "设立登记日期",
        "dissolved_at": "注销登记日期", "status": "主体经营状态",
    },
    "sellers": {
        "platform": "所在平台", "seller_id": "网店ID", "name": "网店名", "firm_id": "主体信用代码",
        "address": "网店退货地址", "division_code": "区划", "opened_at": "网店开通时间", "closed_at": "网店关闭时间",
        "rating": "综合评分", "channel": "渠道类型",
    },
    "listings": {
        "platform": "销售平台", "listing_id": "商品链接ID", "seller_id": "店铺编码", "title": "商品标题文字",
        "description": "详情页描述", "category": "平台类目", "product_id": "对应产品编号", "price": "页面售价（元）",
        "currency": "币别", "listed_at": "首次上架日期", "delisted_at": "最终下架日期",
        "claimed_rights": "页面宣称专利",
        "mark_code": "防伪标识码", "image_hash": "主图哈希值", "url": "商品页网址", "units_sold": "累计成交件数",
    },
    "shipments": {
        "shipment_id": "货运单编号", "from_site": "发货站点编号", "to_site": "收货站点编号",
        "departed_at": "实际发货时间",
        "arrived_at": "实际签收时间", "product_id": "货品编码", "lot_id": "货物批号", "quantity": "发货件数",
        "unit": "件数单位", "carrier": "承运单位", "waybill": "快递运单号", "shipper": "发货人名称",
        "consignee": "收货人名称", "declared_goods": "申报货物名称", "declared_value": "申报总价",
        "hs_code": "HS税号", "trade_mode": "贸易监管方式", "customs_declaration": "报关单号码",
    },
    "sites": {
        "site_id": "站点代码", "role": "站点性质", "name": "站点全称", "operator": "经营主体编号",
        "address": "站点详细地址",
        "division_code": "行政区划码", "country": "国别代码", "latitude": "纬度值", "longitude": "经度值",
    },
    "rights": {
        "right_id": "权利ID号", "right_type": "权利种类名称", "number": "专利或商标号", "title": "权利名称全文",
        "holder_id": "权利人代号", "status": "当前法律状态", "status_as_of": "法律状态查询日", "filed_at": "申请提交日",
        "valid_from": "权利生效日", "valid_to": "权利届满日", "classes": "分类号列表", "jurisdiction": "权利法域",
    },
    "products": {
        "product_id": "产品编码号", "name": "产品中文名称", "category": "产品大类", "right_ids": "涉及权利编号",
        "gtin": "69商品条码", "reference_price": "正品参考价", "currency": "计价货币",
    },
    "findings": {
        "finding_id": "案件流水号", "subject": "涉案当事人", "right_id": "涉案权利编号", "kind": "决定种类",
        "document_no": "决定书文书号", "act": "违法行为描述", "decided_at": "决定作出日期", "authority": "决定机关名称",
        "division_code": "机关区划代码", "outcome": "侵权认定结果", "finality": "文书生效状态",
        "illegal_turnover": "违法经营额（元）", "public_until": "公示截止", "penalty": "处罚种类及内容",
    },
    "seizures": {
        "seizure_id": "扣留单编号", "port_site": "查扣口岸代码", "at": "查获日", "shipment_id": "被扣运单编号",
        "product_id": "被扣产品编号", "right_id": "涉及权利ID", "quantity": "扣留件数", "direction": "进出境",
        "recordal_no": "海关备案编号", "stage": "办理阶段", "channel": "申报渠道",
    },
    "dispatches": {
        "platform": "网购平台", "seller_id": "卖家编号", "site_id": "发货仓库编号", "observed_at": "取证日期",
        "source": "取证来源方式", "listing_id": "所购商品ID", "shipment_id": "对应物流编号",
    },
    "identifiers": {
        "owner": "所属主体编号", "type": "标识种类", "value": "标识内容值", "observed_at": "首次采集时间",
    },
    "leads": {
        "lead_id": "线索流水号", "subject": "被投诉对象", "right_id": "相关权利编号", "right_type": "权利类别",
        "text": "线索详细内容", "reporter": "举报人姓名", "reported_at": "举报登记时间", "division_code": "所属区划码",
        "state": "线索办理状态", "decision": "审核结论", "decided_at": "审核日期",
    },
}  # fmt: skip


@dataclass
class Tally:
    """Right and wrong proposals, and what could have been proposed."""

    tables: int = 0
    tables_right: int = 0
    sure: int = 0
    sure_right: int = 0
    used: int = 0
    used_right: int = 0
    possible: int = 0

    def add(self, found: Suggestion | None, table: str, wanted: Mapping[str, str]) -> None:
        """Counts the proposals for one file; ``wanted`` is the field of each column that has one."""
        self.tables += 1
        self.possible += len(wanted)
        if found is None:
            return
        right_table = found.table.name == table
        self.tables_right += right_table
        for one in found.columns:
            right = right_table and wanted.get(one.column) == one.field
            self.used += one.used
            self.used_right += one.used and right
            self.sure += one.used and one.confidence >= SURE
            self.sure_right += one.used and one.confidence >= SURE and right

    def line(self) -> str:
        """All of it on one line."""
        return (
            f"tables {self.tables_right} of {self.tables}; at {SURE} and more {self.sure_right} of {self.sure} "
            f"right; used {self.used_right} of {self.used} right, of {self.possible} possible"
        )


def records(path: Path, mapping: Path) -> list[tuple[object, ...]]:
    """The sites that a mapping makes of a list, without their keys."""
    found: list[tuple[object, ...]] = []
    for feed in find_feeds([path], "auto", read_mapping(mapping))[0]:
        for portion in feed.portions():
            for part in portion.parts:
                rows = convert_rows(part.table, part.raw).records.to_pylist()
                found += [tuple(row.get(name) for name in COMPARED) for row in rows]
    return sorted(found, key=repr)


def lists(samples: Path) -> Iterator[Path]:
    """Every factory list."""
    for path in sorted((samples / "facilities").rglob("*")):
        if path.suffix in (".csv", ".xls", ".xlsx"):
            yield path


def renamed(source: Path, target: Path, names: Mapping[str, str]) -> None:
    """A CSV file under other headers."""
    with (
        source.open(encoding="utf-8-sig", newline="") as old,
        target.open("w", encoding="utf-8", newline="") as new,
    ):
        rows = csv.reader(old)
        writer = csv.writer(new)
        writer.writerow([names.get(name, name) for name in next(rows)])
        writer.writerows(rows)


def list_under(path: Path, headers: tuple[str, ...], target: Path) -> Path | None:
    """A factory list under other headers; None for a workbook, which is only looked at as it is."""
    published = FACILITY_HEADERS["as published"]
    if headers == published:
        return path
    if path.suffix != ".csv":
        return None
    renamed(path, target, dict(zip(published, headers, strict=True)))
    return target


def facilities(samples: Path, folder: Path) -> None:
    """Factory lists: what is proposed against the mapping that is kept, and the sites that come of it."""
    rules = read_mapping(KEPT).sources[0].outputs[0].rules
    fields = {name: field for field in COMPARED for name in rules[field].sources}
    for scheme, headers in FACILITY_HEADERS.items():
        tally, same, roles = Tally(), 0, 0
        new_names = dict(zip(FACILITY_HEADERS["as published"], headers, strict=True))
        for number, path in enumerate(lists(samples)):
            target = list_under(path, headers, folder / f"list{number}.csv")
            if target is None:
                continue
            suggestions = suggest([target])
            found = suggestions.found[0] if suggestions.found else None
            tally.add(
                found, "sites", {new_names[name]: fields[name] for name in columns_of(path) if name in fields}
            )
            if found is not None:
                proposed = folder / "proposed.toml"
                proposed.write_text(suggestion_toml(suggestions), encoding="utf-8")
                same += found.table.name == "sites" and records(target, proposed) == records(path, KEPT)
                roles += any(made.field == "role" and made.used for made in found.derived)
        print(f"factory lists, {scheme} headers: {tally.line()}; same sites {same}, role told {roles}")


def columns_of(path: Path) -> list[str]:
    """The columns of a list as published."""
    return list(take_samples([path])[0][0][0].columns)


def names_under(scheme: str, table: str, header: list[str]) -> dict[str, str]:
    """What the columns of a table are called in a scheme."""
    if scheme == "none":
        return {name: f"column_{place}" for place, name in enumerate(header, start=1)}
    return {name: FOREIGN[table].get(name, name) if scheme == "Chinese" else name for name in header}


def is_listed(table: str, field: str, name: str) -> bool:
    """Whether a header is among the names that are known."""
    match = header_matches(name).get((table, field))
    return match is not None and match.how in ("own", "known")


def market(folder: Path) -> None:
    """Tables of a simulated market under other headers."""
    simulate_market(MarketOptions(seed=5, movements=3_000), folder, None)
    (folder / "renamed").mkdir()
    for scheme in ("own", "Chinese", "none"):
        tally, listed = Tally(), 0
        for table in FOREIGN:
            with (folder / f"{table}.csv").open(encoding="utf-8") as file:
                header = next(csv.reader(file))
            names = names_under(scheme, table, header)
            # A name of a file that no table is told by.
            target = folder / "renamed" / f"x{list(FOREIGN).index(table)}.csv"
            renamed(folder / f"{table}.csv", target, names)
            wanted = {names[name]: name for name in header if name in TABLES[table].by_name}
            listed += sum(is_listed(table, field, name) for name, field in wanted.items())
            found = suggest([target]).found
            tally.add(found[0] if found else None, table, wanted)
        print(f"simulated tables, {scheme} headers ({listed} among the known names): {tally.line()}")


def main() -> None:
    """Prints one line a set of files."""
    samples = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        facilities(samples, folder)
        market(folder / "market")


if __name__ == "__main__":
    main()
