-- A hazard that is new, and cases that only late data knows can be told apart.
-- depends: 0012_alerts_sounded

create or replace view grafana.hazards (hazard, name, name_en) as values
    ('gas-leak', '燃气泄漏', 'gas leak'),
    ('burst', '爆管', 'main burst'),
    ('water-quality', '水质异常', 'water quality'),
    ('overflow', '管网溢流', 'sewer overflow'),
    ('waterlogging', '道路积水', 'waterlogging'),
    ('toxic-gas', '有毒有害气体', 'toxic gas'),
    ('cover-displaced', '井盖异动', 'manhole cover displaced'),
    ('structure', '结构异常', 'structural anomaly'),
    ('overload', '超载', 'overload'),
    ('heat-leak', '热力泄漏', 'heat pipe leak'),
    ('tunnel-environment', '管廊环境异常', 'tunnel environment'),
    ('intrusion', '非法入侵', 'intrusion'),
    ('equipment', '设备异常', 'equipment fault'),
    ('falsified-data', '数据异常', 'implausible data'),
    ('data-loss', '数据中断', 'data loss'),
    ('rule-failure', '规则运行出错', 'rule failure');

create or replace view grafana.alerts_recent as
select c.alert_id, c.opened_at, c.changed_at, c.state, s.name as state_name, s.name_en as state_name_en,
    l.level, l.name as level_name, l.name_en as level_name_en, l.colour, c.worst_level,
    c.asset_id, coalesce(a.name, c.asset_id) as asset_name, coalesce(a.name_en, c.asset_id) as asset_name_en,
    a.domain, d.name as domain_name, d.name_en as domain_name_en, a.district,
    a.utility_id, u.name as utility_name, u.name_en as utility_name_en,
    c.hazard, coalesce(h.name, c.hazard) as hazard_name, coalesce(h.name_en, c.hazard) as hazard_name_en,
    c.sounded
from alerts c
left join grafana.states s using (state)
join grafana.levels l on l.level = coalesce(c.level, c.worst_level)
left join assets a using (asset_id)
left join grafana.domains d using (domain)
left join utilities u using (utility_id)
left join grafana.hazards h using (hazard);

create or replace view grafana.alerts_open as
select * from grafana.alerts_recent where state <> 'closed';
