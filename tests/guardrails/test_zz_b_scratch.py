import importlib, yaml, pathlib, pytest
from dataclasses import replace
from reconciler.bucket import BucketSpec
from reconciler.guardrails.rule import Subject, Sensitivity
from reconciler.planning.storage import path_text
from reconciler.problems import Severity
C = pathlib.Path("/work/main/tests/guardrails/cases")
IDS = [p.stem for p in sorted(C.glob("*.yaml")) if p.stem[:3] in ("VER","LIF","TAG","NAM","MAN")]
def cases():
    for i in IDS:
        d = yaml.safe_load((C/f"{i}.yaml").read_text())
        assert len(d["passes"])>=3 and len(d["fails"])>=3
        for k in ("passes","fails"):
            for n,c in enumerate(d[k]): yield pytest.param(i,c,k,id=f"{i}-{k}-{n}")
def judge(i, c):
    rule = importlib.import_module("reconciler.guardrails.rules."+i.lower().replace("-","_")).RULE
    assert rule.id == i
    spec = BucketSpec.model_validate({"name":"example-bucket"}|c["bucket"], by_name=True, by_alias=False)
    unknown = frozenset(n for n in ("account","region") if getattr(spec,n) is None)
    around = replace(spec.surroundings(account="0"*12, region="us-east-1"), stand_ins=unknown)
    tags = spec.tags.root if hasattr(spec.tags,"root") else {}
    word = tags.get("Classification","").upper()
    sens = Sensitivity[word] if word in Sensitivity.__members__ else None
    s = Subject(spec.filled(around), around, rule.parameters.model_validate(c.get("settings") or {}), sens)
    return rule, list(rule.check(s))
@pytest.mark.parametrize("i,c,k", cases())
def test_case(i,c,k):
    rule, found = judge(i,c)
    for o in found: print(path_text(tuple(map(str,o.path))), "|", o.message, "|", o.help)
    got=[(path_text(tuple(map(str,o.path))), (o.severity or rule.severity).name.lower()) for o in found]
    want=[(e["path"],e["severity"]) for e in c.get("expect",[])]
    assert sorted(got)==sorted(want)
    assert (k=="fails")==bool(got)
    for e in c.get("expect",[]):
        if "message" in e: assert any(e["message"] in o.message for o in found)
