// Not a list of passwords but the rules they are made by: a word that many people choose, or a walk
// over the keyboard, dressed up with capitals, look-alikes and a few digits and signs around it.
// One word stands for thousands of entries of any list.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "coupond/core/password.h"

#include "coupond/core/ascii.h"

namespace coupon::core {
namespace {

// Words people choose, with a blank on either side of each.
constexpr std::string_view kWords =
    // The thing itself, and what it opens.
    " password passwort passwd pass passphrase passcode parola contrasena senha haslo heslo "
    "wachtwoord"
    " motdepasse secret secrets geheim access account login logon signin letmein openup open sesame"
    " opensesame unlock key keys admin administrator administration root superuser sysadmin manager"
    " master owner boss user username guest visitor demo test tester testing testtest temp "
    "temporary"
    " default changeme change changeit welcome hello hallo hola bonjour ciao hi hey goodbye system"
    " server service support helpdesk office company business work job money bank cash dollar euro"
    " computer laptop internet network windows microsoft google apple iphone android samsung nokia"
    " facebook twitter instagram youtube linkedin netflix amazon paypal yahoo hotmail gmail outlook"
    " email mail website online database oracle mysql postgres linux ubuntu debian coupon coupons"
    " coupond voucher shop store till sale"
    // Affection, and the lack of it.
    " love lover lovely loveyou iloveyou iloveu iloveme loveme ilove teamo tequiero jetaime liebe"
    " schatz amor amour baby babygirl babyboy sweetheart sweetie honey darling angel angels "
    "princess"
    " prince queen king beauty beautiful pretty cutie sexy happy happiness smile lucky forever "
    "always"
    " friend friends family mother father mommy daddy mama papa sister brother fuck fuckyou fuckme"
    " fuckoff shit asshole bitch nothing nobody whatever because please thankyou trust trustno "
    "jesus"
    " jesuschrist christ god godisgood heaven blessed faith hope peace"
    // Names.
    " michael jennifer jessica ashley daniel matthew andrew joshua anthony robert thomas charlie"
    " jordan hannah samantha amanda nicole michelle melissa stephanie elizabeth victoria alexander"
    " alexandra alexis alex nathan justin brandon tyler austin kevin jason ryan eric brian steven"
    " patrick george william james john david richard joseph charles christopher christian martin"
    " peter paul mark maria anna laura julia sarah sara sophie sofia emma olivia chloe lauren "
    "rachel"
    " rebecca barbara natalie natasha monica vanessa diana andrea carlos jose juan miguel antonio"
    " francesco marco giuseppe mario luigi thomas stefan andreas sebastian florian sabine claudia"
    " nicolas pierre jean marie camille ahmed mohamed mohammed ali omar fatima ivan dmitri sergey"
    " maggie ginger buddy max bella lucy molly daisy rocky sammy buster shadow tigger oliver lilly"
    // Animals, and what lives in tales.
    " dragon dragons monkey monkeys tiger tigers lion eagle eagles falcon hawk wolf wolves bear "
    "bears"
    " shark dolphin dolphins panther jaguar mustang pony horse horses cowboy cowboys dog doggy dogs"
    " puppy cat cats kitty kitten pussy bunny rabbit chicken duck fish butterfly spider snake "
    "turtle"
    " unicorn phoenix ninja pirate samurai knight warrior warriors hunter killer monster zombie "
    "ghost"
    " wizard merlin gandalf vampire batman superman spiderman spiderman ironman wolverine avengers"
    " starwars skywalker startrek yoda vader jedi pokemon pikachu naruto matrix hobbit harrypotter"
    " hello hellokitty mickey minnie snoopy scooby garfield barbie nirvana metallica slipknot "
    "eminem"
    " blink greenday beatles elvis mozart rockstar guitar music player gamer minecraft fortnite "
    "xbox"
    " playstation nintendo counter strike"
    // Sports and cars.
    " football soccer baseball basketball hockey tennis golf golfer swimming running skater surfer"
    " fishing hunting racing yankees lakers steelers packers raiders broncos liverpool chelsea"
    " arsenal barcelona realmadrid juventus manchester bayern dortmund ronaldo messi beckham"
    " mercedes porsche ferrari corvette camaro toyota honda yamaha harley suzuki ducati kawasaki"
    " volkswagen chevy dodge jeep audi bmw"
    // Times, colours, weather and places.
    " january february march april may june july august september october november december januar"
    " februar maerz mai juni juli oktober dezember enero febrero marzo abril mayo junio julio "
    "agosto"
    " monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag"
    " freitag samstag sonntag lunes martes domingo spring summer autumn fall winter fruehling "
    "sommer"
    " herbst verano invierno primavera ete hiver printemps automne christmas halloween easter"
    " birthday holiday vacation morning midnight sunshine sunset sunrise moonlight rainbow thunder"
    " lightning storm snow snowman flower flowers rose roses lily daisy garden forest ocean beach"
    " island river mountain star stars starlight galaxy universe planet earth world moon sun fire"
    " water ice red blue green yellow orange purple violet black white silver gold golden diamond"
    " crystal pearl pepper cookie cookies chocolate vanilla banana cherry strawberry peanut butter"
    " cheese pizza coffee whiskey vodka america american usa canada mexico brazil england london"
    " scotland ireland france paris germany deutschland berlin hamburg muenchen italia italy roma"
    " milano spain espana madrid russia moscow china japan tokyo india australia africa texas "
    "dallas"
    " boston chicago newyork california florida hawaii phoenix austin houston"
    // Other favourites.
    " freedom power secure security private hidden magic mystery dreamer dream dreams legend hero"
    " champion winner victory success genius student teacher school college university doctor"
    " captain soldier marine army navy police pilot rocket turbo cobra viper mercury titan apollo"
    " genesis infinity blabla bla abc abcd asd qwe qaz zxc wsx lol omg foo foobar bar xxx nopass"
    " none blank asdf qwer zxcv ";

// What lies side by side on keyboards, and the orders everybody knows by heart.
constexpr std::string_view kWalks[] = {"qwertyuiop",
                                       "asdfghjkl",
                                       "zxcvbnm",
                                       "qwertzuiop",
                                       "yxcvbnm",
                                       "azertyuiop",
                                       "qsdfghjklm",
                                       "wxcvbn",
                                       "1234567890",
                                       "abcdefghijklmnopqrstuvwxyz",
                                       "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
                                       "1q2w3e4r5t6y7u8i9o0p",
                                       "q1w2e3r4t5y6u7i8o9p0",
                                       "a1b2c3d4e5f6g7h8",
                                       "1a2b3c4d5e6f7g8h",
                                       "qazwsxedcrfvtgb",
                                       "qweasdzxc",
                                       "123qweasdzxc"};

// So much dress adds nothing that a program would not try: a year and a sign.
constexpr std::size_t kDressMax = 6;
constexpr std::size_t kWalkMin = 3;

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// The letter that a digit or sign stands for; others stay.
char plain(char c) {
  constexpr std::string_view kLooks = "0134578@$!|+";
  constexpr std::string_view kMeans = "oieastbasiit";
  const std::size_t at = kLooks.find(c);
  return at == std::string_view::npos ? c : kMeans[at];
}

bool is_word(std::string_view text) {
  std::string word(text);
  std::transform(word.begin(), word.end(), word.begin(), plain);
  if (word.find(' ') != std::string::npos) return false;
  return kWords.find(' ' + word + ' ') != std::string_view::npos;
}

bool is_walk(std::string_view text) {
  const std::string backwards(text.rbegin(), text.rend());
  return std::any_of(std::begin(kWalks), std::end(kWalks), [&](std::string_view walk) {
    return walk.find(text) != std::string_view::npos ||
           walk.find(backwards) != std::string_view::npos;
  });
}

// "aaaa", "ababab", "abcabc", also of words: "dogdog".
std::string_view unrepeated(std::string_view text) {
  for (std::size_t size = 1; size <= text.size() / 2; ++size) {
    if (text.size() % size != 0) continue;
    if (text.substr(size) == text.substr(0, text.size() - size)) return text.substr(0, size);
  }
  return text;
}

bool is_core(std::string_view text) {
  if (text.empty()) return true;
  const std::string_view one = unrepeated(text);
  if (one.size() < kWalkMin && one.size() < text.size()) return true;
  return is_word(one) || (one.size() >= kWalkMin && is_walk(one));
}

// How much of the text, from its front or back, is only dress.
template <class Iterator>
std::size_t dress(Iterator from, Iterator to) {
  return static_cast<std::size_t>(std::find_if(from, to, is_letter) - from);
}

// One core, or two of which the second is a walk: "abc12345", "love123456".
bool is_made_of_cores(std::string_view text) {
  if (is_core(text)) return true;
  for (std::size_t cut = kWalkMin; cut + kWalkMin <= text.size(); ++cut) {
    if (is_core(text.substr(0, cut)) && is_walk(unrepeated(text.substr(cut)))) return true;
  }
  return false;
}

}  // namespace

bool is_common_password(std::string_view password) {
  const std::string text = to_lower(password);
  const std::size_t front = std::min(dress(text.begin(), text.end()), kDressMax);
  const std::size_t back = std::min(dress(text.rbegin(), text.rend()), kDressMax);
  for (std::size_t i = 0; i <= front; ++i) {
    for (std::size_t j = 0; j <= back && i + j <= std::min(kDressMax, text.size()); ++j) {
      if (is_made_of_cores(std::string_view(text).substr(i, text.size() - i - j))) return true;
    }
  }
  return false;
}

}  // namespace coupon::core
