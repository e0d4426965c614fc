// A bounded map in memory of what was asked for lately, in front of something slower that holds the
// truth. Safe on any thread: keys are spread over shards, each behind its own mutex, held for a
// look-up. When a shard's young generation is full it becomes the old one, and the old one is
// forgotten; what is found in the old one moves to the young one, so that what is in use stays.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "coupond/core/mutex.h"
#include "coupond/core/result.h"

namespace coupon::core {

template <class Key, class Value, class KeyHash = std::hash<Key>>
class RecentMap {
 public:
  // `max`: how many to remember at the most.
  explicit RecentMap(std::size_t max) : generation_max_(max / (2 * kShards) + 1) {}
  RecentMap(const RecentMap&) = delete;
  RecentMap& operator=(const RecentMap&) = delete;

  // The value remembered; else what `load()`, which returns Result<Value>, gives. What it gives is
  // remembered unless put() or erase() came while it was loading: those know better.
  template <class Load>
  Result<Value> find_or_load(const Key& key, Load&& load) {
    Shard& shard = shard_of(key);
    std::uint64_t version = 0;
    {
      const MutexLock lock(shard.mutex);
      if (const Value* found = find(shard, key)) return *found;
      version = shard.version;
    }
    Result<Value> loaded = load();
    if (loaded.ok()) {
      const MutexLock lock(shard.mutex);
      if (shard.version == version) insert(shard, key, *loaded);
    }
    return loaded;
  }

  // Whether a value is remembered.
  bool contains(const Key& key) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    return find(shard, key) != nullptr;
  }

  // The value is this now.
  void put(const Key& key, Value value) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    ++shard.version;
    insert(shard, key, std::move(value));
  }

  // The value is no longer what is remembered.
  void erase(const Key& key) {
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    ++shard.version;
    shard.young.erase(key);
    shard.old.erase(key);
  }

  // None of the values is.
  void clear() {
    for (Shard& shard : shards_) {
      const MutexLock lock(shard.mutex);
      ++shard.version;
      shard.young.clear();
      shard.old.clear();
    }
  }

  // How many are remembered now; for tests.
  std::size_t size() const {
    std::size_t size = 0;
    for (const Shard& shard : shards_) {
      const MutexLock lock(shard.mutex);
      size += shard.young.size() + shard.old.size();
    }
    return size;
  }

 private:
  static constexpr std::size_t kShards = 16;
  using Generation = std::unordered_map<Key, Value, KeyHash>;

  struct Shard {
    mutable Mutex mutex;
    std::uint64_t version COUPOND_GUARDED_BY(mutex) = 0;  // counts put() and erase()
    Generation young COUPOND_GUARDED_BY(mutex);
    Generation old COUPOND_GUARDED_BY(mutex);
  };

  Shard& shard_of(const Key& key) {
    // The low bits choose the bucket within the shard; the high ones choose the shard.
    constexpr std::uint64_t kOddMultiplier = 0x9E3779B97F4A7C15;
    return shards_[(KeyHash()(key) * kOddMultiplier >> 60) % kShards];
  }

  const Value* find(Shard& shard, const Key& key) COUPOND_REQUIRES(shard.mutex) {
    if (const auto found = shard.young.find(key); found != shard.young.end()) {
      return &found->second;
    }
    const auto found = shard.old.find(key);
    if (found == shard.old.end()) return nullptr;
    Value value = std::move(found->second);
    shard.old.erase(found);
    return insert(shard, key, std::move(value));
  }

  const Value* insert(Shard& shard, const Key& key, Value value) COUPOND_REQUIRES(shard.mutex) {
    shard.old.erase(key);
    if (shard.young.size() >= generation_max_ && !shard.young.contains(key)) {
      shard.old = std::move(shard.young);
      shard.young = {};
    }
    return &shard.young.insert_or_assign(key, std::move(value)).first->second;
  }

  const std::size_t generation_max_;
  std::array<Shard, kShards> shards_;
};

}  // namespace coupon::core
