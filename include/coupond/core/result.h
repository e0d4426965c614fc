// Result<T>: a value or an Error. Expected outcomes travel in it; exceptions are for what ends the
// operation and stop at the writer and the reader. As thread-safe as T.
#pragma once

#include <utility>
#include <variant>

#include "coupond/core/error.h"

namespace coupon::core {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  Result(Reason reason) : state_(std::in_place_index<1>, Error{.reason = reason, .message = {}}) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Call only when ok(); otherwise throws std::bad_variant_access, which is a bug of the caller.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

  // Call only when !ok().
  Error& error() { return std::get<1>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

// The value of an operation that has none.
struct Done {};

}  // namespace coupon::core
