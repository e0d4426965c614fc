"""What docs/cluster.md has an owner do: stop the leader, forget a member, restore a backup, begin
anew where etcd lost everything."""
import os
import time

from harness import main
from processes import until
from shop import LEASE_S, with_etcd, with_shop


def redeem(code):
    return "POST", "/api/v1/coupons/%s/redeem" % code, {}


def test_leader_stopped(binary):
    with with_etcd() as etcd, with_shop(binary, etcd) as shop:
        code, other_code = shop.cards(2)
        shop.ask(*redeem(code))
        leader = until(shop.leader, 20, "somebody leads")
        follower = shop.other(leader)
        refused = follower.call(*redeem(other_code), shop.token)
        assert refused.status == 503 and refused["code"] == "not_leader", refused.body
        assert "a leads, at http" in refused["message"], refused.body
        began = time.monotonic()
        assert leader.process.terminate() == 0
        until(follower.leads, LEASE_S, "the other leads before the lease is over")
        taken = time.monotonic() - began
        assert follower.call(*redeem(code), shop.token).status == 409
        assert follower.call(*redeem(other_code), shop.token).status == 201
        leader.start()
        until(shop.whole, 20, "it follows")
        shop.check_end()
        return "the other leads after %.1f s" % taken


def test_member_forgotten(binary):
    with with_etcd() as etcd, with_shop(binary, etcd) as shop:
        leader = until(shop.leader, 20, "somebody leads")
        follower = shop.other(leader)
        url = etcd.url(2)
        said = shop.coupond("cluster", "status", "--cluster", url)
        assert "leader    %s at http" % leader.name in said, said
        assert "member    %s has change" % follower.name in said, said
        shop.coupond("cluster", "forget", leader.name, "--cluster", url, expected=1)
        shop.coupond("cluster", "forget", "nobody", "--cluster", url, expected=1)
        follower.kill()
        shop.coupond("cluster", "forget", follower.name, "--cluster", url)
        said = shop.coupond("cluster", "status", "--cluster", url)
        assert "member    " + follower.name not in said, said
        follower.start()
        shop.cards(1)
        until(lambda: "member    %s has change" % follower.name in shop.coupond(
            "cluster", "status", "--cluster", url), 20, "it is a member again")
        shop.check_end()
    return ""


def test_restored(binary):
    with with_etcd() as etcd, with_shop(binary, etcd) as shop:
        leader = until(shop.leader, 20, "somebody leads")
        follower = shop.other(leader)
        backup = os.path.join(shop.directory, "shop.backup")
        shop.coupond("backup", backup, "--data", leader.data)
        shop.cards(1, "after")
        until(shop.whole, 20, "both have all")
        for head in (follower, leader):
            head.kill()
        shop.coupond("restore", backup, "--data", leader.data)
        leader.start()
        until(leader.leads, 20, "the restored one leads")
        refused = follower.start_refused()
        assert "The shop was restored since" in refused, refused
        shop.token = shop.log_in()
        shop.prefix = shop.prefix.replace("/0/", "/1/")
        shop.seed(follower)
        until(shop.whole, 20, "the follower has all")
        gone = leader.call("GET", "/api/v1/campaigns/after", None, shop.token)
        assert gone.status == 404, gone.body
        shop.check_end()
    return ""


def test_etcd_lost(binary):
    with with_etcd() as etcd, with_shop(binary, etcd) as shop:
        shop.cards(1)
        until(shop.whole, 20, "both have all")
        leader = until(shop.leader, 20, "somebody leads")
        follower = shop.other(leader)
        for head in (follower, leader):
            head.kill()
        etcd.close()
        with with_etcd() as fresh:
            for head in shop.heads:
                at = head.process.command.index("--cluster")
                head.process.command[at + 1] = fresh.url(head.i)
            shop.etcd = fresh
            refused = leader.start_refused()
            assert "knows nothing of this shop" in refused, refused
            leader.process.command.append("--cluster-forget")
            leader.start()
            leader.process.command.pop()
            until(leader.leads, 20, "it begins the cluster anew")
            shop.seed(follower)
            shop.cards(1, "more")
            until(shop.whole, 20, "the follower has all")
            shop.check_end()
    return ""


if __name__ == "__main__":
    main(globals())
